//! Calls that may take long, in the runtime's thread pool, and how they are followed and ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mmapio_core::Observer;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use napi_derive::napi;

use crate::record::number;
use crate::slot::{self, Ended};

/// What both sides know of a call that goes on: JavaScript looks at it, since being called would need the event loop.
#[derive(Debug, Default)]
pub(crate) struct Course {
    is_stopped: AtomicBool,
    done: AtomicU64,
    /// 0 while it is not known.
    expected: AtomicU64,
}

impl Course {
    /// So many bytes are to be done.
    pub(crate) fn expect(&self, bytes: u64) {
        self.expected.store(bytes, Ordering::Relaxed);
    }
}

impl Observer for Course {
    fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

/// JavaScript's end of it.
#[napi]
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    course: Arc<Course>,
}

#[napi]
impl Ticket {
    /// One for a call to come.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call as soon as possible.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.course.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Bytes that are done, and to be done.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn look(&self) -> Vec<f64> {
        let now = |count: &AtomicU64| number(count.load(Ordering::Relaxed));
        vec![now(&self.course.done), now(&self.course.expected)]
    }
}

impl Ticket {
    pub(crate) fn course(&self) -> Arc<Course> {
        Arc::clone(&self.course)
    }
}

/// A call to be made in the thread pool.
pub(crate) struct Job<T>(Arc<Waiting<T>>);

type Call<T> = Box<dyn FnOnce() -> T + Send>;

/// The call until it is made.
struct Waiting<T>(Mutex<Option<Call<T>>>);

impl<T> Waiting<T> {
    fn take(&self) -> Option<Call<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A call that is not made any more gives back the mappings that it was about.
impl<T> Ended for Waiting<T> {
    fn end(&self) {
        drop(self.take());
    }
}

/// Has it made there; the answer is a promise.
pub(crate) fn later<T>(env: Env, call: impl FnOnce() -> T + Send + 'static) -> AsyncTask<Job<T>>
where
    T: Send + ToNapiValue + TypeName + 'static,
{
    let waiting = Arc::new(Waiting(Mutex::new(Some(Box::new(call) as Call<T>))));
    let ended: Arc<dyn Ended> = Arc::clone(&waiting) as _;
    slot::remember(env, &ended);
    AsyncTask::new(Job(waiting))
}

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Job<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let Some(call) = self.0.take() else { return Err(napi::Error::from_reason("made already")) };
        // A panic here would end the process.
        catch_unwind(AssertUnwindSafe(call))
            .map_err(|_| napi::Error::from_reason("mmapio failed inside: this is a bug"))
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
