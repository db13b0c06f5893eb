"""What mkdocs does for the site beyond its own: the mathematics' files from Debian's package,
links to sources, which become pages of the site, lists and anchors as GitHub makes them."""
import json
import logging
import posixpath
import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))
import links  # noqa: E402
from document import ROOT, Document  # noqa: E402
from lists import reindented  # noqa: E402

TOOLS = Path(__file__).parent
KATEX = Path("/usr/share/javascript/katex")
ASSETS = {f"assets/{name}": TOOLS / name for name in ("site.css", "site.js", "search_on_disk.js")} | {
    f"assets/katex/{path.relative_to(KATEX)}": path
    for pattern in ("katex.min.*", "fonts/*.woff2")
    for path in KATEX.glob(pattern)}
LANGUAGES = {".h": "cpp", ".cpp": "cpp", ".cu": "cuda", ".py": "python", ".json": "json",
             ".yml": "yaml", "": "make"}
log = logging.getLogger("mkdocs.site_hooks")


def on_config(config):
    config.mdx_configs["toc"]["slugify"] = lambda text, separator: links.slug(text)
    return config


def on_files(files, config):
    """The documents and what they show, the files of ASSETS, and a page for each source linked."""
    for file in list(files):
        if file.src_path.startswith("tools/") or file.src_path.endswith((".cpp", ".h")):
            files.remove(file)
    contents = {name: path.read_bytes() for name, path in ASSETS.items()}
    documents = []
    for file in files.documentation_pages():
        documents.append(Document.read(f"docs/{file.src_path}"))
        if file.src_path not in str(config.nav):
            log.warning("docs/%s is not in the nav of docs/tools/mkdocs.yml", file.src_path)
    for document in documents:  # grows by the documents outside of docs/ that are linked
        for link in links.links(document):
            path, _ = links.resolve(document.path, link.target)
            if _is_source(path) and _page_of(path) not in contents:
                contents[_page_of(path)] = _source_page(ROOT / path, path).encode()
                if path.endswith(".md"):
                    documents.append(Document.read(path))
    made = Path(config.site_dir).parent / "generated"
    for name, content in contents.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(content)
        files.append(File(name, str(made), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links lead to where the site has what they name."""
    source = page.file.src_path
    document = Document(_origin_of(source), markdown)
    if source.startswith("sources/") and not document.path.endswith(".md"):
        return markdown

    def lead(found):
        if links.ELSEWHERE.match(found[1]) or found[1].startswith("#"):
            return found[0]
        path, anchor = links.resolve(document.path, found[1])
        there = _page_of(path) if _is_source(path) else path.removeprefix("docs/")
        line = re.match(r"L(\d+)", anchor)
        anchor = f"L-0-{line[1]}" if line else anchor
        return found[0].replace(found[1], posixpath.relpath(there, posixpath.dirname(source)) +
                                (f"#{anchor}" if anchor else ""))

    return reindented("\n".join(links.LINK.sub(lead, line) if prose else line
                                for prose, line in zip(document.prose, document.lines)))


def on_post_page(output, page, config):
    """Before the theme's own scripts."""
    path = posixpath.relpath("assets/search_on_disk.js", posixpath.dirname(page.url))
    return output.replace("</head>", f'<script src="{path}"></script></head>', 1)


def on_post_build(config):
    """The search finds chapters, not sources, and has its index as a script, too."""
    path = Path(config.site_dir, "search", "search_index.json")
    index = json.loads(path.read_text(encoding="utf-8"))
    index["docs"] = [entry for entry in index["docs"]
                     if not entry["location"].startswith("sources/")]
    text = json.dumps(index, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".js").write_text(f"search_index({text});", encoding="utf-8")


def _origin_of(page):
    """The path in the repository of what that page of the site shows."""
    if not page.startswith("sources/"):
        return f"docs/{page}"
    path = page.removeprefix("sources/")
    return path if (ROOT / path).exists() else path.removesuffix(".md")


def _is_source(path):
    """Whether that path in the repository is no page or picture of the site itself."""
    outside = not path.startswith("docs/") or path.startswith("docs/tools/")
    return (outside or path.endswith((".cpp", ".h"))) and (ROOT / path).exists()


def _page_of(path):
    return f"sources/{path}" if path.endswith(".md") else f"sources/{path}.md"


def _source_page(source, path):
    if source.is_dir():
        text = "\n".join(sorted(entry.name + "/" * entry.is_dir() for entry in source.iterdir()))
        return f"# {path}\n\n```text\n{text}\n```\n"
    text = source.read_text(encoding="utf-8").rstrip()
    if source.suffix == ".md":
        return text
    language = LANGUAGES.get(source.suffix, "text")
    return f"---\nhide: [navigation, toc]\n---\n# {path}\n\n````` {{.{language} linenums=1}}\n{text}\n`````\n"
