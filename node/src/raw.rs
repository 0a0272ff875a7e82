//! Node-API where napi-rs copies external memory or loses it.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mmapio_core::Mapping;
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

impl Hint {
    fn finish(self) {
        self.ran.store(true, Ordering::Release);
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
    let ran = Arc::new(AtomicBool::new(false));
    let hint = Box::into_raw(Box::new(Hint { held: Arc::clone(held), ran: Arc::clone(&ran) }));
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
        return Ok(value);
    }
    if !ran.load(Ordering::Acquire) {
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
        let base = data.expose_provenance().wrapping_sub(offset);
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
    pub(crate) fn to_vec(&self) -> Vec<u8> {
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
