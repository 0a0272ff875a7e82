//! Buffers of worker threads that end. The runtime finishes all of them then: also those whose memory a program has moved on, by
//! `ArrayBuffer.prototype.transfer()`, to a buffer that another thread has by now. What is not where it was made stays mapped.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use napi::sys;
use napi_derive::napi;

use super::View;
use crate::held::Held;

/// What becomes of a buffer.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// Whether its finalizer ran.
    pub(super) ran: AtomicBool,
    /// Whether the end of its thread has begun.
    pub(super) is_end: AtomicBool,
    /// Whether its memory was seen to have moved on then.
    pub(super) moved: AtomicBool,
}

/// A buffer of this thread's.
struct Made {
    /// Of which there is more than one where the addon is loaded more than once.
    env: sys::napi_env,
    fate: Arc<Fate>,
    /// Its ArrayBuffer, weakly.
    buffer: sys::napi_ref,
}

/// What is known of a thread that may end before the process does.
struct Watch {
    made: Vec<Made>,
    /// So many are looked through for those that are gone.
    look_at: usize,
    /// Whether the runtime runs hooks before it finishes buffers (Bun), or afterwards (Node.js).
    has_hooks_first: bool,
    is_hooked: bool,
    canary: Option<Canary>,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Whether this thread ends with the process: its first one, as far as the system tells.
fn is_main() -> bool {
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else { return false };
    thread.file_name().is_some_and(|id| *id == *std::process::id().to_string())
}

/// To be called in threads whose runtime can move the memory of buffers; answers whether `move_on` is to be told of it.
#[napi(catch_unwind)]
pub(crate) fn watch_end(has_hooks_first: bool) -> bool {
    if is_main() {
        return false;
    }
    let watch = Watch { made: Vec::new(), look_at: 64, has_hooks_first, is_hooked: false, canary: None };
    WATCH.with_borrow_mut(|known| {
        known.get_or_insert(watch);
    });
    true
}

/// The memory of a view is about to be moved on to another buffer.
#[napi(catch_unwind)]
pub(crate) fn move_on(view: View) {
    if let Some(held) = Held::at(view.base) {
        held.move_on();
    }
}

/// Has it looked after where a new buffer is when its thread ends.
pub(super) fn watch(env: sys::napi_env, value: sys::napi_value, fate: &Arc<Fate>) {
    WATCH.with_borrow_mut(|watch| {
        let Some(watch) = watch else { return };
        let Some(buffer) = array_buffer(env, value).and_then(|buffer| reference(env, buffer, 0)) else {
            return;
        };
        watch.made.push(Made { env, fate: Arc::clone(fate), buffer });
        watch.tidy();
        watch.have_end_told(env);
    });
}

/// The ArrayBuffer of a typed array.
fn array_buffer(env: sys::napi_env, value: sys::napi_value) -> Option<sys::napi_value> {
    let mut buffer = ptr::null_mut();
    let (kind, length, data, offset) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the value is a typed array that was just made here; what is not asked for is null.
    let found =
        unsafe { sys::napi_get_typedarray_info(env, value, kind, length, data, &raw mut buffer, offset) };
    (found == sys::Status::napi_ok).then_some(buffer)
}

fn reference(env: sys::napi_env, value: sys::napi_value, count: u32) -> Option<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: the value is an object of the environment that we are called in.
    let made = unsafe { sys::napi_create_reference(env, value, count, &raw mut reference) };
    (made == sys::Status::napi_ok).then_some(reference)
}

fn forget(env: sys::napi_env, reference: sys::napi_ref) {
    // SAFETY: the reference is of this environment, and is used no more.
    unsafe { sys::napi_delete_reference(env, reference) };
}

impl Watch {
    /// Forgets those that are gone, when there are twice as many as last time.
    fn tidy(&mut self) {
        if self.made.len() < self.look_at {
            return;
        }
        self.made.retain(|made| {
            let is_there = !made.fate.ran.load(Ordering::Acquire);
            if !is_there {
                forget(made.env, made.buffer);
            }
            is_there
        });
        self.look_at = 2 * self.made.len() + 64;
    }

    /// Has the end told before the runtime finishes the newest buffer, which it does first.
    fn have_end_told(&mut self, env: sys::napi_env) {
        if !self.has_hooks_first {
            if let Some(old) = Canary::new(env).and_then(|canary| self.canary.replace(canary)) {
                forget(env, old.reference);
            }
        } else if !self.is_hooked {
            // SAFETY: the environment, which the function is given, is there when its hooks are run.
            unsafe { sys::napi_add_env_cleanup_hook(env, Some(hook), env.cast()) };
            self.is_hooked = true;
        }
    }
}

/// A buffer that is younger than those to be watched.
struct Canary {
    /// Keeps it, so that only the end finishes it.
    reference: sys::napi_ref,
    /// Its one byte.
    byte: *mut c_void,
}

impl Canary {
    fn new(env: sys::napi_env) -> Option<Self> {
        let (mut value, byte) = (ptr::null_mut(), Box::into_raw(Box::new(0_u8)).cast());
        // SAFETY: the byte is there until the finalizer, which frees it.
        let made = unsafe {
            sys::napi_create_external_arraybuffer(env, byte, 1, Some(sing), ptr::null_mut(), &raw mut value)
        };
        // When there is none nobody knows whether the finalizer ran: a byte is no loss.
        (made == sys::Status::napi_ok).then_some(())?;
        reference(env, value, 1).map(|reference| Self { reference, byte })
    }
}

/// The end of a canary: when it is the one that is kept, its thread's, too.
unsafe extern "C" fn sing(env: sys::napi_env, byte: *mut c_void, _hint: *mut c_void) {
    let is_kept = |watch: &Option<Watch>| {
        watch.as_ref().and_then(|watch| watch.canary.as_ref()).is_some_and(|canary| canary.byte == byte)
    };
    if WATCH.try_with(|watch| watch.try_borrow().is_ok_and(|watch| is_kept(&watch))).unwrap_or(false) {
        look(env);
    }
    // SAFETY: it is the box that was given away with this function, which is called once.
    drop(unsafe { Box::from_raw(byte.cast::<u8>()) });
}

unsafe extern "C" fn hook(env: *mut c_void) {
    look(env.cast());
}

/// Looks where all of them are, before the runtime finishes them.
fn look(env: sys::napi_env) {
    let Some(watch) = WATCH.try_with(|watch| watch.try_borrow_mut().ok()?.take()).ok().flatten() else {
        return;
    };
    let mut scope = ptr::null_mut();
    // SAFETY: the environment is there until it has finished all.
    unsafe { sys::napi_open_handle_scope(env, &raw mut scope) };
    for made in watch.made {
        made.fate.moved.store(is_empty(made.env, made.buffer), Ordering::Release);
        made.fate.is_end.store(true, Ordering::Release);
        forget(made.env, made.buffer);
    }
    // SAFETY: the scope was opened above.
    unsafe { sys::napi_close_handle_scope(env, scope) };
}

/// Whether the ArrayBuffer that was made is there and has its memory no more. One that was collected is unmapped when the runtime gets
/// to it, which may be at the end only: that is no sign of anything.
fn is_empty(env: sys::napi_env, reference: sys::napi_ref) -> bool {
    let (mut buffer, mut is_detached) = (ptr::null_mut(), false);
    // SAFETY: the reference is of this environment.
    unsafe { sys::napi_get_reference_value(env, reference, &raw mut buffer) };
    if !buffer.is_null() {
        // SAFETY: the value is that of the reference.
        unsafe { sys::napi_is_detached_arraybuffer(env, buffer, &raw mut is_detached) };
    }
    is_detached
}
