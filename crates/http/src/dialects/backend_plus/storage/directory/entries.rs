//! The objects of a directory that the asker may see, page by page.

use actix_web::web;
use clavis_files::{Method, ObjectKey, Route, StoredObject, Target};
use clavis_flows::{BlobError, BlobStream};

use super::super::super::BackendPlus;
use super::super::asker::Asker;

/// Objects that are read at a time.
const PAGE: usize = 100;

/// The objects of a directory, in the order of the store.
pub(super) struct Entries {
    dialect: web::Data<BackendPlus>,
    target: Target,
    asker: Asker,
    prefix: String,
    /// Read already.
    first: Option<Vec<StoredObject>>,
    after: Option<ObjectKey>,
}

impl Entries {
    /// Reads the first page.
    pub(super) async fn of(
        dialect: web::Data<BackendPlus>,
        target: Target,
        asker: Asker,
        prefix: String,
    ) -> Result<Self, BlobError> {
        let first = dialect.app.objects.list(&prefix, None, PAGE).await?;
        Ok(Self {
            dialect,
            target,
            asker,
            prefix,
            first: Some(first),
            after: None,
        })
    }

    /// What may be seen of the next page; `None` behind the last one.
    pub(super) async fn page(&mut self) -> Result<Option<Vec<StoredObject>>, BlobError> {
        let page = if let Some(first) = self.first.take() {
            first
        } else {
            let objects = &self.dialect.app.objects;
            objects.list(&self.prefix, self.after.as_ref(), PAGE).await?
        };
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.after = Some(last.key.clone());
        let route = self.route();
        let seen = page
            .into_iter()
            .filter(|object| self.sees(route.as_ref(), object));
        Ok(Some(seen.collect()))
    }

    /// An object's content, with what is known of it now; `None` when it is gone since, or may not be seen any more.
    pub(super) async fn open(
        &self,
        object: &StoredObject,
    ) -> Result<Option<(StoredObject, BlobStream)>, BlobError> {
        let opened = self.dialect.app.objects.open(&object.key, None).await?;
        Ok(opened.filter(|(object, _)| self.sees(self.route().as_ref(), object)))
    }

    /// The path that decides about the directory: it borrows the rules, and these entries outlive the handler.
    fn route(&self) -> Option<Route<'_>> {
        let (rules, path) = (&self.dialect.storage.rules, &self.asker.request.path);
        rules.route(Method::Get, self.target, path)
    }

    fn sees(&self, route: Option<&Route<'_>>, object: &StoredObject) -> bool {
        self.asker.is_admin || route.is_some_and(|route| route.shows(&self.asker.request, object))
    }
}
