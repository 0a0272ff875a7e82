//! One file a subcommand: arguments to the core, what it finds to the renderers.

pub(crate) mod generate;
pub(crate) mod incore;
mod order;
mod paths;
mod scan;
