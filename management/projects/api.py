"""``/api/v1/projects``."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from management.access.caller import Caller, Scope
from management.access.identity import needs
from management.api import (
    CHANGES,
    ETAG,
    LOCATION,
    PROBLEMS,
    VERSIONED,
    Cursor,
    IfMatch,
    Limit,
    Number,
    Post,
    etag,
    sorted_by,
    version_of,
)
from management.paging import DEFAULT_LIMIT, wanted
from management.projects.contents import Contents
from management.projects.schemas import (
    Field,
    FieldChange,
    Member,
    NewField,
    NewProject,
    NewTag,
    Project,
    ProjectChange,
    ProjectList,
    RightChange,
    Share,
    Tag,
    TagChange,
    Which,
)
from management.projects.service import LIST_KEYS, NEWEST, Projects

ALL = PROBLEMS | CHANGES
_READ, _WRITE = [needs(Scope.READ)], [needs(Scope.WRITE)]


class ProjectApi(Controller):
    path = "/projects"
    tags = ("Projects",)

    @get("/", guards=_READ, responses=PROBLEMS, operation_id="listProjects", summary="List projects")
    async def all(
        self,
        caller: NamedDependency[Caller],
        projects: NamedDependency[Projects],
        which: Annotated[
            Which, QueryParameter(description="The caller's own, those shared with him, or his archive")
        ] = Which.MINE,
        name: Annotated[str, QueryParameter(max_length=200, description="A part of the name")] = "",
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = "",
        sort: Annotated[str, sorted_by(*LIST_KEYS)] = str(NEWEST),
    ) -> ProjectList:
        asked = wanted(limit, cursor, sort, list(LIST_KEYS), NEWEST)
        found = await projects.list(caller, which, asked, name)
        return ProjectList(list(found.items), found.next, found.previous)

    @post(
        "/",
        guards=_WRITE,
        responses=ALL,
        response_headers=[ETAG, LOCATION],
        operation_class=Post,
        operation_id="createProject",
        summary="Create a project",
    )
    async def create(
        self, caller: NamedDependency[Caller], projects: NamedDependency[Projects], data: JSONBody[NewProject]
    ) -> Response[Project]:
        created = await projects.create(caller, data)
        return Response(created, headers={"ETag": etag(created.version), "Location": f"/api/v1/projects/{created.id}"})

    @get(
        "/{project:int}",
        guards=_READ,
        responses=PROBLEMS,
        response_headers=[ETAG],
        operation_id="getProject",
        summary="Read a project",
    )
    async def one(
        self, caller: NamedDependency[Caller], projects: NamedDependency[Projects], project: Number
    ) -> Response[Project]:
        return _tagged(await projects.get(caller, project))

    @patch(
        "/{project:int}",
        guards=_WRITE,
        responses=ALL | VERSIONED,
        response_headers=[ETAG],
        operation_id="changeProject",
        summary="Change a project",
    )
    async def change(
        self,
        caller: NamedDependency[Caller],
        projects: NamedDependency[Projects],
        project: Number,
        data: JSONBody[ProjectChange],
        if_match: IfMatch = "",
    ) -> Response[Project]:
        return _tagged(await projects.change(caller, project, data, version_of(if_match)))

    @post(
        "/{project:int}/archive",
        status_code=200,
        guards=_WRITE,
        responses=ALL,
        response_headers=[ETAG],
        operation_class=Post,
        operation_id="archiveProject",
        summary="Archive a project",
    )
    async def archive(
        self, caller: NamedDependency[Caller], projects: NamedDependency[Projects], project: Number
    ) -> Response[Project]:
        """Not while one of its campaigns runs. Archived projects stay readable."""
        return _tagged(await projects.archive(caller, project))

    @post(
        "/{project:int}/restore",
        status_code=200,
        guards=_WRITE,
        responses=ALL,
        response_headers=[ETAG],
        operation_class=Post,
        operation_id="restoreProject",
        summary="Restore a project",
    )
    async def restore(
        self, caller: NamedDependency[Caller], projects: NamedDependency[Projects], project: Number
    ) -> Response[Project]:
        return _tagged(await projects.restore(caller, project))


class ContentsApi(Controller):
    path = "/projects/{project:int}"
    tags = ("Projects",)

    @get("/fields", guards=_READ, responses=PROBLEMS, operation_id="listFields", summary="Fields of the contacts")
    async def fields(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number
    ) -> list[Field]:
        return await contents.fields(caller, project)

    @post("/fields", guards=_WRITE, responses=ALL, operation_class=Post, operation_id="addField", summary="Add a field")
    async def add_field(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        data: JSONBody[NewField],
    ) -> Field:
        return await contents.add_field(caller, project, data)

    @patch("/fields/{field:int}", guards=_WRITE, responses=ALL, operation_id="renameField", summary="Rename a field")
    async def rename_field(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        field: Number,
        data: JSONBody[FieldChange],
    ) -> Field:
        return await contents.rename_field(caller, project, field, data)

    @delete("/fields/{field:int}", guards=_WRITE, responses=ALL, operation_id="removeField", summary="Remove a field")
    async def remove_field(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number, field: Number
    ) -> None:
        await contents.remove_field(caller, project, field)

    @get("/tags", guards=_READ, responses=PROBLEMS, operation_id="listTags", summary="Tags")
    async def list_tags(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number
    ) -> list[Tag]:
        return await contents.tags(caller, project)

    @post("/tags", guards=_WRITE, responses=ALL, operation_class=Post, operation_id="addTag", summary="Add a tag")
    async def add_tag(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        data: JSONBody[NewTag],
    ) -> Tag:
        return await contents.add_tag(caller, project, data)

    @patch("/tags/{tag:int}", guards=_WRITE, responses=ALL, operation_id="renameTag", summary="Rename a tag")
    async def rename_tag(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        tag: Number,
        data: JSONBody[TagChange],
    ) -> Tag:
        return await contents.rename_tag(caller, project, tag, data)

    @delete("/tags/{tag:int}", guards=_WRITE, responses=ALL, operation_id="removeTag", summary="Remove a tag")
    async def remove_tag(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number, tag: Number
    ) -> None:
        await contents.remove_tag(caller, project, tag)

    @get("/members", guards=_READ, responses=PROBLEMS, operation_id="listMembers", summary="Whom it is shared with")
    async def members(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number
    ) -> list[Member]:
        return await contents.members(caller, project)

    @post(
        "/members",
        guards=_WRITE,
        responses=ALL,
        operation_class=Post,
        operation_id="shareProject",
        summary="Share by e-mail",
    )
    async def share(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        data: JSONBody[Share],
    ) -> Member:
        return await contents.share(caller, project, data)

    @patch("/members/{user:int}", guards=_WRITE, responses=ALL, operation_id="changeRight", summary="Change a right")
    async def change_right(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        user: Number,
        data: JSONBody[RightChange],
    ) -> Member:
        return await contents.change_right(caller, project, user, data.right)

    @delete("/members/{user:int}", guards=_WRITE, responses=ALL, operation_id="revokeRight", summary="Revoke a right")
    async def revoke(
        self, caller: NamedDependency[Caller], contents: NamedDependency[Contents], project: Number, user: Number
    ) -> None:
        await contents.revoke(caller, project, user)

    @delete(
        "/invitations/{email:str}",
        guards=_WRITE,
        responses=ALL,
        operation_id="withdrawInvitation",
        summary="Withdraw an invitation",
    )
    async def uninvite(
        self,
        caller: NamedDependency[Caller],
        contents: NamedDependency[Contents],
        project: Number,
        email: FromPath[str],
    ) -> None:
        await contents.uninvite(caller, project, email)


def _tagged(project: Project) -> Response[Project]:
    return Response(project, headers={"ETag": etag(project.version)})
