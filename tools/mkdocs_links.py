"""Hook of MkDocs for pages and links outside docs/.

The links in the documents are relative paths of the repository, so that the
documents can be read there too. MkDocs knows only the files in docs/. This
hook adds the Markdown files outside docs/ that the navigation names:
``index.md`` is README.md, ``repository/X`` is X. Then it rewrites every
relative link. A link to a file that is not a page, such as a config or
LICENSE, becomes plain text, as the site has no address for the file. A link to
a file that does not exist is unchanged, and MkDocs reports it.
"""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
HOME, OUTSIDE = 'index.md', 'repository/'
# Text and target of a link or a picture, and the fences to leave alone.
LINK = re.compile(r'(!?)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)')
FENCE = re.compile(r'^(```.*?^```)', re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside docs/ to the files of the site.

    Args:
        files (Files): The files, changed in place.
        config (MkDocsConfig): The configuration, with the navigation.

    Returns:
        Files: The given files.
    """
    for name in _pages_of(config.nav):
        if name == HOME or name.startswith(OUTSIDE):
            path = str(ROOT / _in_repository(name))
            files.append(File.generated(config, name, abs_src_path=path))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: Any, files: Files
) -> str:
    """Turn the links of the repository into links of the site.

    Args:
        markdown (str): Text of the page.
        page (Page): The page.
        config (MkDocsConfig): Not used.
        files (Files): The files of the site.

    Returns:
        str: The text with rewritten links; code blocks are unchanged.
    """
    here = page.file.src_uri

    def rewrite(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups()
        folder = _in_repository(here).parent
        path = PurePosixPath(os.path.normpath(folder / target))
        goal = _on_site(path)
        if files.get_file_from_path(goal) is not None:
            relative = os.path.relpath(goal, PurePosixPath(here).parent)
            return f'{picture}[{text}]({relative}{anchor or ""})'
        if not (ROOT / path).exists():
            return link[0]
        return text if '`' in text else f'{text} (`{path}`)'

    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(rewrite, part) for part in parts[::2]]
    return ''.join(parts)


def _pages_of(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    values = nav.values() if isinstance(nav, dict) else nav
    return [name for part in values for name in _pages_of(part)]


def _in_repository(name: str) -> PurePosixPath:
    if name == HOME:
        return PurePosixPath('README.md')
    if name.startswith(OUTSIDE):
        return PurePosixPath(name.removeprefix(OUTSIDE))
    return PurePosixPath('docs', name)


def _on_site(path: PurePosixPath) -> str:
    if path == PurePosixPath('README.md'):
        return HOME
    if path.is_relative_to('docs'):
        return str(path.relative_to('docs'))
    return OUTSIDE + str(path)
