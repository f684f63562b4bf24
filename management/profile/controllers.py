"""``/profile``: general information and the picture."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, URLEncodedBody
from litestar.response import Stream, Template

from engine.domain.text import mark
from management.access.caller import Caller
from management.access.identity import signed_in
from management.cabinet.forms import Form, errors
from management.cabinet.frames import language_cookie
from management.cabinet.pages import Frame, moved, page
from management.cabinet.toasts import Toast
from management.errors import Invalid, Outdated, invalid
from management.language import texts
from management.profile.schemas import Profile, ProfileForm
from management.profile.service import Profiles, zones
from management.store.kinds import Kind
from management.store.uploads import body_limit, chunks_of

AnyRequest = Request[Any, Any, Any]
_GENERAL = "profile/general.html"
LARGE = 256


class ProfileController(Controller):
    path = "/profile"
    guards = (signed_in,)
    include_in_schema = False

    @get("/")
    async def general(
        self, caller: NamedDependency[Caller], frame: NamedDependency[Frame], profiles: NamedDependency[Profiles]
    ) -> Template:
        profile = await profiles.get(caller.user)
        return _page(frame, profile, _form(profile))

    @post("/")
    async def change(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        profiles: NamedDependency[Profiles],
        data: URLEncodedBody[ProfileForm],
    ) -> Template | Response[None]:
        try:
            await profiles.change(caller, data)
        except Invalid as error:
            values = {name: getattr(data, name) for name in ProfileForm.__struct_fields__}
            form = Form(values, errors(frame.texts, error.fields), id="profile")
            return _page(frame, await profiles.get(caller.user), form, status=422)
        except Outdated as error:
            # What the other tab saved is shown beside; saving over it unseen is what the version prevents.
            profile = await profiles.get(caller.user)
            values = {name: getattr(data, name) for name in ProfileForm.__struct_fields__}
            told = {"": frame.texts.gettext(error.message)}
            form = Form({**values, "version": profile.version}, told, id="profile")
            return _page(frame, profile, form, status=412, newer=True)
        saved = texts(data.language).gettext(mark("Saved"))
        answer = moved("/profile", Toast(saved), htmx="HX-Request" in request.headers)
        answer.cookies.append(language_cookie(data.language))
        return answer

    @post("/avatar", request_max_body_size=body_limit(Kind.AVATAR))
    async def set_avatar(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        profiles: NamedDependency[Profiles],
    ) -> Template | Response[None]:
        upload = (await request.form()).get("avatar")
        try:
            if not isinstance(upload, UploadFile) or not upload.filename:
                raise invalid("avatar", "required", mark("Choose a picture first"))
            await profiles.set_avatar(caller, chunks_of(upload))
        except Invalid as error:
            profile = await profiles.get(caller.user)
            wrong = Form({}, errors(frame.texts, error.fields), id="picture")
            return _page(frame, profile, _form(profile), wrong, status=422)
        told = Toast(frame.texts.gettext(mark("The picture is saved")))
        return moved("/profile", told, htmx="HX-Request" in request.headers)

    @post("/avatar/remove")
    async def drop_avatar(
        self,
        request: AnyRequest,
        caller: NamedDependency[Caller],
        frame: NamedDependency[Frame],
        profiles: NamedDependency[Profiles],
    ) -> Response[None]:
        await profiles.drop_avatar(caller)
        told = Toast(frame.texts.gettext(mark("The picture is removed")))
        return moved("/profile", told, htmx="HX-Request" in request.headers)

    @get("/avatar/{user:int}")
    async def avatar(
        self,
        caller: NamedDependency[Caller],
        profiles: NamedDependency[Profiles],
        user: Annotated[int, PathParameter(ge=1, le=2**63 - 1)],
        size: Annotated[int, QueryParameter(ge=1, le=LARGE)] = 64,
    ) -> Stream:
        """Pages ask with ``?v=`` of the picture, so a copy in the browser never is an old one."""
        length, content = await profiles.avatar_of(caller, user, large=size >= LARGE)
        headers = {"cache-control": "private, max-age=86400", "content-length": str(length)}
        return Stream(content, media_type="image/webp", headers=headers)


def _form(profile: Profile) -> Form:
    return Form({name: getattr(profile, name) for name in ProfileForm.__struct_fields__}, id="profile")


def _page(
    frame: Frame, profile: Profile, form: Form, picture: Form | None = None, status: int = 200, *, newer: bool = False
) -> Template:
    """``newer``: ``profile`` is not what the form was filled from."""
    picture = picture or Form(id="picture")
    return page(
        frame,
        _GENERAL,
        status=status,
        profile=profile,
        f=form,
        picture=picture,
        newer=newer,
        zones=[(name, name.replace("_", " ")) for name in zones()],
    )
