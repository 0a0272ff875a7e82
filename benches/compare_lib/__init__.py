"""The parts of benches/compare: pages, fixtures, tools, measuring, cases, growth, report."""
