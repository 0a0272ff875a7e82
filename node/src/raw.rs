//! Node-API where napi-rs copies external memory or loses it.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Result, Status, ValueType, sys};

use crate::held::Held;

mod ending;
mod quick;
mod view;

use ending::Fate;
pub(crate) use view::{Bytes, View};

/// What the finalizer of a buffer is given: the runtime may run it inside of a failing creation, inside of detaching, when the
/// buffer was collected, or when its thread ends.
struct Hint {
    held: Arc<Held>,
    fate: Arc<Fate>,
}

impl Hint {
    fn finish(self) {
        self.fate.ran.store(true, Ordering::Release);
        let is_end = self.fate.is_end.load(Ordering::Acquire);
        if self.fate.moved.load(Ordering::Acquire) || (is_end && self.held.has_moved_on()) {
            // Another buffer shows it, whose end nobody tells: rather mapped for ever than taken away from it.
            std::mem::forget(self.held.mapping());
        }
        self.held.end_buffer();
    }
}

unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the hint is the box that was given away with this function, which is called once.
    unsafe { Box::from_raw(hint.cast::<Hint>()) }.finish();
}

/// The same for memory that several environments share, in any thread.
unsafe extern "C" fn finalize_shared(_data: *mut c_void, hint: *mut c_void) {
    // SAFETY: as in `finalize`.
    unsafe { Box::from_raw(hint.cast::<Hint>()) }.finish();
}

/// A buffer over a mapping: not a copy of it.
pub(crate) struct MappedBuffer {
    pub(crate) held: Arc<Held>,
    /// A SharedArrayBuffer instead of a Buffer.
    pub(crate) is_shared: bool,
    /// Whether the mapping is the buffer's alone from now on.
    pub(crate) is_owner: bool,
}

impl TypeName for MappedBuffer {
    fn type_name() -> &'static str {
        "Buffer"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for MappedBuffer {
    unsafe fn to_napi_value(env: sys::napi_env, buffer: Self) -> Result<sys::napi_value> {
        let made = make(env, &buffer);
        if buffer.is_owner {
            buffer.held.release();
        }
        made
    }
}

fn make(env: sys::napi_env, buffer: &MappedBuffer) -> Result<sys::napi_value> {
    let MappedBuffer { held, is_shared, .. } = buffer;
    let Some(mapping) = held.mapping() else { return Err(napi::Error::from_reason("the mapping is gone")) };
    if !held.begin_buffer(*is_shared) {
        return Err(napi::Error::from_reason("the mapping has a buffer"));
    }
    let fate = Arc::new(Fate::default());
    let hint = Box::into_raw(Box::new(Hint { held: Arc::clone(held), fate: Arc::clone(&fate) }));
    let start = mapping.as_ptr().cast_mut().cast();
    let length = usize::try_from(mapping.len()).unwrap_or(usize::MAX);
    let mut value = ptr::null_mut();
    let status = match is_shared {
        // SAFETY: the mapping has these bytes until the finalizer runs: this kind of buffer cannot be detached.
        true => unsafe { create_shared(env, start, length, hint.cast(), &raw mut value) },
        // SAFETY: the mapping has these bytes until the finalizer runs, or the buffer was detached.
        false => unsafe {
            sys::napi_create_external_buffer(env, length, start, Some(finalize), hint.cast(), &raw mut value)
        },
    };
    if status == sys::Status::napi_ok {
        if !is_shared {
            ending::watch(env, value, &fate);
        }
        return Ok(value);
    }
    if !fate.ran.load(Ordering::Acquire) {
        // SAFETY: the finalizer did not run and will not, since there is no buffer; so the box is ours again.
        unsafe { Box::from_raw(hint) }.finish();
    }
    forget_exception(env);
    Err(napi::Error::new(Status::from(status), reason(status)))
}

/// Some runtimes throw besides, and an exception that waits would come out of the next call.
fn forget_exception(env: sys::napi_env) {
    let mut waits = false;
    // SAFETY: the environment is the one we are called in.
    unsafe { sys::napi_is_exception_pending(env, &raw mut waits) };
    if waits {
        let mut exception = ptr::null_mut();
        // SAFETY: as above.
        unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut exception) };
    }
}

fn reason(status: sys::napi_status) -> &'static str {
    match status {
        sys::Status::napi_no_external_buffers_allowed => "external",
        NOT_THERE => "shared",
        _ => "no buffer of this length can be made",
    }
}

/// No status of the runtimes': the function is missing.
const NOT_THERE: sys::napi_status = -1;

type CreateShared = unsafe extern "C" fn(
    env: sys::napi_env,
    data: *mut c_void,
    length: usize,
    finalize: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
    hint: *mut c_void,
    value: *mut sys::napi_value,
) -> sys::napi_status;

/// Calls `node_api_create_external_sharedarraybuffer`, which newer runtimes have, and no version of Node-API yet.
///
/// # Safety
/// The memory stays until `hint`, which is a [`Hint`], is finished.
unsafe fn create_shared(
    env: sys::napi_env,
    data: *mut c_void,
    length: usize,
    hint: *mut c_void,
    value: *mut sys::napi_value,
) -> sys::napi_status {
    #[cfg(unix)]
    let this = Ok::<_, ()>(libloading::os::unix::Library::this());
    #[cfg(windows)]
    let this = libloading::os::windows::Library::this();
    let Ok(this) = this else { return NOT_THERE };
    // SAFETY: the runtimes that have a function of this name have it with these arguments.
    let Ok(create) = (unsafe { this.get::<CreateShared>(b"node_api_create_external_sharedarraybuffer\0") })
    else {
        return NOT_THERE;
    };
    // SAFETY: environment and result are those of the call that we are in; the rest is the caller's promise.
    unsafe { create(env, data, length, Some(finalize_shared), hint, value) }
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

/// The same for one call: nothing is closed, and whether it is open the system says.
#[cfg(unix)]
pub(crate) fn lent(descriptor: i32) -> std::io::Result<std::mem::ManuallyDrop<std::fs::File>> {
    use std::os::fd::FromRawFd;
    if descriptor < 0 {
        return Err(std::io::Error::from_raw_os_error(9));
    }
    // SAFETY: it is not -1, and what is made of it is never dropped. JavaScript, whose descriptor it is, waits until we return.
    Ok(std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) }))
}

/// Where descriptors are not the system's there is nothing to map by them.
#[cfg(not(unix))]
pub(crate) fn lent(_descriptor: i32) -> std::io::Result<std::mem::ManuallyDrop<std::fs::File>> {
    Err(std::io::ErrorKind::Unsupported.into())
}
