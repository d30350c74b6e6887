//! One public path: who answers its methods, and what the document says of each.
//!
//! A handler cannot be put behind a public path without its [`Operation`], and the document is
//! written from the same list as the router, so neither can have what the other lacks.

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter};

use crate::openapi::Operation;
use crate::routes::Shared;

/// A path with all that is served at it.
pub(crate) struct Door {
    pub(crate) path: &'static str,
    /// The methods of the public interface, in lower case; none at a page of the board.
    pub(crate) operations: Vec<(&'static str, Operation)>,
    pub(crate) service: MethodRouter<Shared>,
}

impl Door {
    /// Makes a path at which nothing is served yet.
    pub(crate) fn at(path: &'static str) -> Self {
        Self::page(path, MethodRouter::new())
    }

    /// Makes a path of the board: for browsers, and in no document.
    pub(crate) fn page(path: &'static str, service: MethodRouter<Shared>) -> Self {
        Self {
            path,
            operations: Vec::new(),
            service,
        }
    }

    /// Answers GET.
    pub(crate) fn get<H: Handler<T, Shared>, T: 'static>(
        self,
        handler: H,
        about: Operation,
    ) -> Self {
        self.on(MethodFilter::GET, "get", handler, about)
    }

    /// Answers POST.
    pub(crate) fn post<H: Handler<T, Shared>, T: 'static>(
        self,
        handler: H,
        about: Operation,
    ) -> Self {
        self.on(MethodFilter::POST, "post", handler, about)
    }

    /// Answers PATCH.
    pub(crate) fn patch<H: Handler<T, Shared>, T: 'static>(
        self,
        handler: H,
        about: Operation,
    ) -> Self {
        self.on(MethodFilter::PATCH, "patch", handler, about)
    }

    /// Answers browsers that ask before they send: no method of the interface.
    pub(crate) fn preflight<H: Handler<T, Shared>, T: 'static>(mut self, handler: H) -> Self {
        self.service = self.service.on(MethodFilter::OPTIONS, handler);
        self
    }

    fn on<H: Handler<T, Shared>, T: 'static>(
        mut self,
        filter: MethodFilter,
        method: &'static str,
        handler: H,
        about: Operation,
    ) -> Self {
        self.service = self.service.on(filter, handler);
        self.operations.push((method, about));
        self
    }
}
