//! The binary: one call into the library.
//! Never holds logic of its own.

/// A plan is many small values that are made and dropped; this allocator takes less time over them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    reconcile::cli::run(std::env::args_os())
}
