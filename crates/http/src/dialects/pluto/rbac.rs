//! `/v1/rbac`: applications, roles, scopes, and who holds which role. For administrators only.

use actix_web::{HttpRequest, web};
use clavis_kernel::ScopeId;
use clavis_rbac::{ApplicationName, RoleName, ScopeName};

use super::Pluto;
use super::error::{PlutoError, role_refused, scope_refused};
use super::rbac_wire::{
    ApplicationList, ApplicationNameRequest, CreatedApplication, DisplayNameList, DisplayNamesRequest,
    NameRequest, RbacRequest, RoleList, ScopeList, ScopesRequest,
};
use super::wire::{Body, NoParameters};

/// `POST /v1/rbac/application/create`.
pub(super) async fn create_application(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<CreatedApplication>, PlutoError> {
    let read = |wanted: ApplicationNameRequest| parsed::<ApplicationName>(wanted.name.required()?);
    let made = pluto.change_as_admin(&request, payload, read, |on, permission, name| {
        Ok(on.add_application(permission, name)?.map_err(PlutoError::from))
    });
    Ok(Body(made.await?.into()))
}

/// `GET /v1/rbac/application/list`.
pub(super) async fn list_applications(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<ApplicationList>, PlutoError> {
    let read = |_: NoParameters| Ok(());
    let found = pluto.look_as_admin(&request, payload, read, |on, permission, ()| {
        on.applications(permission).map(Ok)
    });
    Ok(Body(found.await?.into()))
}

/// `POST /v1/rbac/role/create`.
pub(super) async fn create_role(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: NameRequest| {
        Ok((
            wanted.app_id.required()?,
            parsed::<RoleName>(wanted.name.required()?)?,
        ))
    };
    let made = pluto.change_as_admin(&request, payload, read, |on, permission, (application, name)| {
        Ok(on.add_role(permission, application, name)?.map_err(role_refused))
    });
    made.await.map(Body)
}

/// `POST /v1/rbac/scope/create`.
pub(super) async fn create_scope(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: NameRequest| {
        Ok((
            wanted.app_id.required()?,
            parsed::<ScopeName>(wanted.name.required()?)?,
        ))
    };
    let made = pluto.change_as_admin(&request, payload, read, |on, permission, (application, name)| {
        Ok(on
            .add_scope(permission, application, name)?
            .map_err(scope_refused))
    });
    made.await.map(Body)
}

/// `POST` and `PUT /v1/rbac/role/scope`: in the place of all scopes that the role has.
pub(super) async fn replace_scopes(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: ScopesRequest| {
        let scopes = wanted.scopes.required()?.iter().copied().map(ScopeId);
        Ok((wanted.role_id.role()?, scopes.collect::<Vec<_>>()))
    };
    let replaced = pluto.change_as_admin(&request, payload, read, |on, permission, (role, scopes)| {
        Ok(on
            .replace_role_scopes(permission, *role, scopes)?
            .map_err(PlutoError::from))
    });
    replaced.await.map(Body)
}

/// `POST` and `PUT /v1/rbac/role/scope/default`.
pub(super) async fn set_default_scope(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: RbacRequest| Ok((wanted.role.role()?, wanted.scope.scope()?));
    let set = pluto.change_as_admin(&request, payload, read, |on, permission, (role, scope)| {
        Ok(on
            .set_role_default_scope(permission, *role, *scope)?
            .map_err(PlutoError::from))
    });
    set.await.map(Body)
}

/// `POST` and `PUT /v1/rbac/application/role/default`.
pub(super) async fn set_default_role(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: RbacRequest| Ok((wanted.application.required()?, wanted.role.role()?));
    let set = pluto.change_as_admin(&request, payload, read, |on, permission, (application, role)| {
        Ok(on
            .set_application_default_role(permission, application, *role)?
            .map_err(PlutoError::from))
    });
    set.await.map(Body)
}

/// `GET /v1/rbac/role/list`.
pub(super) async fn list_roles(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<RoleList>, PlutoError> {
    let read = |wanted: RbacRequest| wanted.application.required();
    let found = pluto.look_as_admin(&request, payload, read, |on, permission, application| {
        Ok(on
            .application_roles(permission, application)?
            .map_err(PlutoError::from))
    });
    Ok(Body(found.await?.into()))
}

/// `GET /v1/rbac/scope/list`.
pub(super) async fn list_scopes(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<ScopeList>, PlutoError> {
    let read = |wanted: RbacRequest| wanted.application.required();
    let found = pluto.look_as_admin(&request, payload, read, |on, permission, application| {
        Ok(on
            .application_scopes(permission, application)?
            .map_err(PlutoError::from))
    });
    Ok(Body(found.await?.into()))
}

/// `POST` and `PUT /v1/rbac/user/application/role`: the only role that the user has in the application.
pub(super) async fn assign_role(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: RbacRequest| {
        Ok((
            wanted.user.account()?,
            wanted.application.required()?,
            wanted.role.role()?,
        ))
    };
    let assigned = pluto.change_as_admin(&request, payload, read, |on, permission, wanted| {
        let (account, application, role) = wanted;
        Ok(on
            .assign_role(permission, *account, application, *role)?
            .map_err(PlutoError::from))
    });
    assigned.await.map(Body)
}

/// `POST` and `PUT /v1/rbac/application/update-i18n-name`: in the place of all names that the application has.
pub(super) async fn set_display_names(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<()>, PlutoError> {
    let read = |wanted: DisplayNamesRequest| {
        let names = wanted.names()?;
        Ok((wanted.app_id.required()?, names))
    };
    let set = pluto.change_as_admin(&request, payload, read, |on, permission, (application, names)| {
        Ok(on
            .set_application_names(permission, application, names)?
            .map_err(PlutoError::from))
    });
    set.await.map(Body)
}

/// `GET /v1/rbac/application/i18n-name`.
pub(super) async fn display_names(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> Result<Body<DisplayNameList>, PlutoError> {
    let read = |wanted: RbacRequest| wanted.application.required();
    let found = pluto.look_as_admin(&request, payload, read, |on, permission, application| {
        Ok(on
            .application_names(permission, application)?
            .map_err(PlutoError::from))
    });
    Ok(Body(found.await?.into()))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, PlutoError> {
    text.parse().map_err(|_| PlutoError::BAD_REQUEST)
}
