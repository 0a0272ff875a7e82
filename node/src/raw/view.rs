//! What JavaScript gives: views of buffers, as far as where their bytes are.

use std::ptr;

use mmapio_core::Mapping;
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, Status, ValueType, sys};

/// A Buffer, typed array or DataView, as far as where its bytes are: `base` is the first byte of its ArrayBuffer.
///
/// It borrows what JavaScript may take away: to be used inside of the call only that it was an argument of.
pub(crate) struct View {
    pub(crate) base: usize,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    env: sys::napi_env,
    buffer: sys::napi_value,
}

impl TypeName for View {
    fn type_name() -> &'static str {
        "Buffer"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for View {}

impl FromNapiValue for View {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut is_typed, mut length, mut offset) = (false, 0, 0);
        let (mut kind, mut data, mut buffer) = (UNKNOWN, ptr::null_mut(), ptr::null_mut());
        // SAFETY: environment and value are the ones we are called with, and each pointer is to a variable of the right type.
        let status = unsafe { sys::napi_is_typedarray(env, value, &raw mut is_typed) };
        if status != sys::Status::napi_ok || !is_typed {
            return Err(napi::Error::new(Status::InvalidArg, "no Buffer"));
        }
        // SAFETY: as above, and it is a typed array.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                &raw mut buffer,
                &raw mut offset,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(napi::Error::new(Status::InvalidArg, "no Buffer"));
        }
        let base = data.expose_provenance().wrapping_sub(offset);
        let Some(width) = width(kind) else { return Err(napi::Error::new(Status::InvalidArg, "no Buffer")) };
        let length = length * width;
        Ok(Self { base, offset: offset as u64, length: length as u64, env, buffer })
    }
}

/// No kind: what a runtime leaves there that has typed arrays which its Node-API does not know.
const UNKNOWN: sys::napi_typedarray_type = -1;

/// Float16Array, which is younger than the bindings.
const FLOAT16: sys::napi_typedarray_type = 11;

/// The bytes of an element of a typed array.
fn width(kind: sys::napi_typedarray_type) -> Option<usize> {
    use sys::TypedarrayType as Kind;
    match kind {
        Kind::int8_array | Kind::uint8_array | Kind::uint8_clamped_array => Some(1),
        Kind::int16_array | Kind::uint16_array | FLOAT16 => Some(2),
        Kind::int32_array | Kind::uint32_array | Kind::float32_array => Some(4),
        Kind::float64_array | Kind::bigint64_array | Kind::biguint64_array => Some(8),
        _ => None,
    }
}

impl View {
    /// Has its bytes filled.
    pub(crate) fn fill(
        &self,
        fill: impl FnOnce(&mut [u8]) -> mmapio_core::Result<usize>,
    ) -> mmapio_core::Result<usize> {
        if self.length == 0 {
            return fill(&mut []);
        }
        // SAFETY: JavaScript has these bytes, and waits until we return; that another of its threads changes them meanwhile is nothing
        // that we rely on.
        fill(unsafe { std::slice::from_raw_parts_mut(self.start(), self.bytes()) })
    }

    /// Copies its bytes into a mapping, as a store of JavaScript's into the mapping's buffer would; then says whether they are there.
    pub(crate) fn store(&self, mapping: &Mapping, offset: u64) -> mmapio_core::Result<()> {
        if self.length == 0 {
            return Ok(());
        }
        let to = mapping.as_ptr().cast_mut().wrapping_add(usize::try_from(offset).unwrap_or(usize::MAX));
        // SAFETY: the caller has checked that the mapping may be written, and has so many bytes from there. They may overlap, when
        // the view is of the mapping itself.
        unsafe { ptr::copy(self.start(), to, self.bytes()) };
        mapping.check(offset, self.length)
    }

    /// Its bytes as they are now.
    fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.bytes()];
        // SAFETY: JavaScript has these bytes, and waits until we return.
        unsafe { ptr::copy_nonoverlapping(self.start(), bytes.as_mut_ptr(), self.bytes()) };
        bytes
    }

    fn start(&self) -> *mut u8 {
        ptr::with_exposed_provenance_mut(self.base + self.bytes_before())
    }

    fn bytes_before(&self) -> usize {
        usize::try_from(self.offset).unwrap_or(0)
    }

    fn bytes(&self) -> usize {
        usize::try_from(self.length).unwrap_or(0)
    }

    /// Makes the ArrayBuffer, and with it every view of it, empty. Only for what was found among our own: to detach Node's pool would
    /// end Node.
    pub(crate) fn detach(&self) -> bool {
        // SAFETY: the value came in as an argument of the call that we are in.
        unsafe { sys::napi_detach_arraybuffer(self.env, self.buffer) == sys::Status::napi_ok }
    }
}

/// The bytes of a view, copied when it is taken as an argument: what comes after it, an object with a getter, may take the view's away.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "Buffer"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: environment and value are the ones we are called with.
        unsafe { View::from_napi_value(env, value) }.map(|view| Self(view.to_vec()))
    }
}
