//! Tells the linker that Node brings the functions of Node-API along.

fn main() {
    napi_build::setup();
}
