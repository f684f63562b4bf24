"""``GET /files/{token}``: a file of the media store, for whoever has a signed link to it."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, HeaderParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK, HTTP_206_PARTIAL_CONTENT, HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE

from management.files.service import Unsatisfiable, disposition, span
from management.store.links import Links
from management.store.media import MediaStore


class FilesController(Controller):
    """Every link that does not hold is answered alike: forged, expired, and to a file that is gone."""

    @get("/files/{token:str}", include_in_schema=False)
    async def file(
        self,
        token: FromPath[str],
        links: NamedDependency[Links],
        media: NamedDependency[MediaStore],
        wanted: Annotated[str, HeaderParameter(name="range")] = "",
    ) -> Response[bytes] | Stream:
        link = links.read(token)
        size = None if link is None else await media.size(link.key)
        if link is None or size is None:
            raise NotFoundException
        headers = {
            "accept-ranges": "bytes",
            "content-disposition": disposition(link.name, inline=link.inline),
        }
        try:
            part = span(wanted, size)
        except Unsatisfiable:
            headers["content-range"] = f"bytes */{size}"
            return Response(b"", status_code=HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
        start, end = part or (0, size)
        headers["content-length"] = str(end - start)
        if part:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        return Stream(
            media.read(link.key, start, end),
            status_code=HTTP_206_PARTIAL_CONTENT if part else HTTP_200_OK,
            media_type=link.media,
            headers=headers,
        )
