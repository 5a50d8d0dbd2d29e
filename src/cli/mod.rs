//! The command line: arguments, opening, printing, prompting, exit codes.
//! Never decides what changes: the rooms below do.

pub mod files;
