//! The functions that take no longer than a system call, exported without what napi-rs does around each call for values that live
//! longer than it: that took as long again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object, ToNapiValue};
use napi::{JsError, Result, Status, sys};
use napi_derive::napi;

use crate::calls;

/// Adds them to what the addon exports.
#[napi(module_exports)]
pub(crate) fn export(mut exports: Object) -> Result<()> {
    exports.create_named_method("mapFile", map_file)?;
    exports.create_named_method("mapAnonymous", map_anonymous)?;
    exports.create_named_method("unmap", unmap)?;
    exports.create_named_method("advise", advise)?;
    exports.create_named_method("incore", incore)?;
    exports.create_named_method("sync", sync)
}

unsafe extern "C" fn map_file(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[descriptor, how, offset, length]| {
        Ok(calls::map_file(descriptor.get()?, how.get()?, offset.get()?, length.get()?))
    })
}

unsafe extern "C" fn map_anonymous(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[how, length]| Ok(calls::map_anonymous(how.get()?, length.get()?)))
}

unsafe extern "C" fn unmap(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[view]| Ok(calls::unmap(&view.get()?)))
}

unsafe extern "C" fn advise(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[view, offset, length, number]| {
        Ok(calls::advise(&view.get()?, offset.get()?, length.get()?, number.get()?))
    })
}

unsafe extern "C" fn incore(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[view]| Ok(calls::incore(&view.get()?)))
}

unsafe extern "C" fn sync(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, info, |[view, offset, length, blocking, invalidate]| {
        let (blocking, invalidate) = (blocking.get()?, invalidate.get()?);
        Ok(calls::sync(&view.get()?, offset.get()?, length.get()?, blocking, invalidate))
    })
}

/// An argument of the call that goes on.
#[derive(Clone, Copy)]
struct Argument {
    env: sys::napi_env,
    value: sys::napi_value,
}

impl Argument {
    fn get<T: FromNapiValue>(self) -> Result<T> {
        // SAFETY: environment and value are those of the call that we are in.
        unsafe { T::from_napi_value(self.env, self.value) }
    }
}

/// Makes a call with as many arguments as it takes, and gives JavaScript its answer, or an exception.
fn answer<const N: usize, T: ToNapiValue>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    call: impl FnOnce([Argument; N]) -> Result<T>,
) -> sys::napi_value {
    let made = catch_unwind(AssertUnwindSafe(|| {
        let answer = call(arguments(env, info)?)?;
        // SAFETY: the environment is the one we are called in.
        unsafe { T::to_napi_value(env, answer) }
    }));
    let panicked = |_| Err(napi::Error::from_reason("mmapio failed inside: this is a bug"));
    made.unwrap_or_else(panicked).unwrap_or_else(|error| throw(env, error))
}

/// Those that are missing are undefined.
fn arguments<const N: usize>(env: sys::napi_env, info: sys::napi_callback_info) -> Result<[Argument; N]> {
    let mut values = [ptr::null_mut(); N];
    let mut count = N;
    // SAFETY: environment and call are the ones that we are in, and there is room for so many values.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &raw mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok {
        return Err(napi::Error::new(Status::from(status), "no arguments"));
    }
    Ok(values.map(|value| Argument { env, value }))
}

fn throw(env: sys::napi_env, error: napi::Error) -> sys::napi_value {
    // SAFETY: the environment is the one we are called in.
    unsafe { JsError::from(error).throw_into(env) };
    ptr::null_mut()
}
