//! Node-API where napi-rs copies external memory or loses it.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue};
use napi::{Result, Status, ValueType, sys};

use crate::held::Held;

/// What the finalizer of a buffer is given: the runtime may run it inside of a failing creation, inside of detaching, or when the
/// buffer was collected.
struct Hint {
    held: Arc<Held>,
    /// Whether it ran.
    ran: Arc<AtomicBool>,
}

unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the hint is the box that was given away with this function, which is called once.
    let hint = unsafe { Box::from_raw(hint.cast::<Hint>()) };
    hint.ran.store(true, Ordering::Release);
    hint.held.release();
}

/// A buffer over a mapping: not a copy of it.
pub(crate) struct MappedBuffer(pub(crate) Arc<Held>, pub(crate) usize);

impl ToNapiValue for MappedBuffer {
    unsafe fn to_napi_value(env: sys::napi_env, buffer: Self) -> Result<sys::napi_value> {
        let Self(held, length) = buffer;
        let Some(start) = held.mapping().map(|mapping| mapping.as_ptr().cast_mut()) else {
            return Err(napi::Error::from_reason("the mapping is gone"));
        };
        let ran = Arc::new(AtomicBool::new(false));
        let hint = Box::into_raw(Box::new(Hint { held: Arc::clone(&held), ran: Arc::clone(&ran) }));
        let mut value = ptr::null_mut();
        // SAFETY: the mapping has these bytes until the finalizer runs, or the buffer was detached.
        let status = unsafe {
            sys::napi_create_external_buffer(
                env,
                length,
                start.cast(),
                Some(finalize),
                hint.cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            return Ok(value);
        }
        if !ran.load(Ordering::Acquire) {
            // SAFETY: the finalizer did not run and will not, since there is no buffer; so the box is ours again.
            drop(unsafe { Box::from_raw(hint) });
        }
        held.release();
        // Some runtimes throw besides, and an exception that waits would come out of the next call.
        let mut waits = false;
        // SAFETY: the environment is the one we are called in.
        unsafe { sys::napi_is_exception_pending(env, &raw mut waits) };
        if waits {
            let mut exception = ptr::null_mut();
            // SAFETY: as above.
            unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut exception) };
        }
        Err(napi::Error::new(Status::from(status), reason(status)))
    }
}

fn reason(status: sys::napi_status) -> &'static str {
    match status {
        sys::Status::napi_no_external_buffers_allowed => "external",
        _ => "no buffer of this length can be made",
    }
}

/// A Buffer, typed array or DataView, as far as where its bytes are: `base` is the first byte of its ArrayBuffer.
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
        let (mut kind, mut data, mut buffer) = (0, ptr::null_mut(), ptr::null_mut());
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
        let base = data.addr().wrapping_sub(offset);
        let length = length * width(kind);
        Ok(Self { base, offset: offset as u64, length: length as u64, env, buffer })
    }
}

/// The bytes of an element of a typed array.
fn width(kind: sys::napi_typedarray_type) -> usize {
    use sys::TypedarrayType as Kind;
    match kind {
        Kind::int16_array | Kind::uint16_array => 2,
        Kind::int32_array | Kind::uint32_array | Kind::float32_array => 4,
        Kind::float64_array | Kind::bigint64_array | Kind::biguint64_array => 8,
        _ => 1,
    }
}

impl View {
    /// Makes the ArrayBuffer, and with it every view of it, empty. Only for what was found among our own: to detach Node's pool would
    /// end Node.
    pub(crate) fn detach(&self) -> bool {
        // SAFETY: the value came in as an argument of the call that we are in.
        unsafe { sys::napi_detach_arraybuffer(self.env, self.buffer) == sys::Status::napi_ok }
    }
}

/// Where descriptors are not the system's there is nothing to map by them.
#[cfg(not(unix))]
pub(crate) fn duplicate(_descriptor: i32) -> std::io::Result<std::fs::File> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// A descriptor that belongs to JavaScript, once more as our own.
#[cfg(unix)]
pub(crate) fn duplicate(descriptor: i32) -> std::io::Result<std::fs::File> {
    use std::os::fd::BorrowedFd;
    if descriptor < 0 {
        return Err(std::io::Error::from_raw_os_error(9));
    }
    // SAFETY: it is not -1; whether it is open the system says when it is duplicated.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned().map(Into::into)
}
