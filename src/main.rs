//! The binary: one call into the library.
//! Never holds logic of its own.

fn main() -> std::process::ExitCode {
    reconcile::cli::run(std::env::args_os())
}
