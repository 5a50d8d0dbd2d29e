use crate::{
    model::{environment::TargetConfig, name::NameLimits},
    target::*,
};
#[derive(Clone, Copy)]
pub enum Mode {
    Read,
    Write,
}
pub fn providers() -> &'static [&'static str] {
    &[]
}
pub fn name_limits(_: &str) -> Option<NameLimits> {
    None
}
pub fn open(_: &TargetConfig, _: &std::path::Path, _: Mode) -> Result<Box<dyn Target>, TargetError> {
    panic!()
}
