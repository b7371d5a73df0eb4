"""What axe-core, the checker of accessibility, finds wrong with a page."""

from pathlib import Path

from playwright.async_api import Page

_AXE = Path(__file__).parents[1] / "frontend-stub" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with where; the browser's context has to be without the page's own policy."""
    await page.add_script_tag(path=_AXE)
    results = await page.evaluate("rules => axe.run(document, { runOnly: rules })", _RULES)
    return [
        f"{violation['id']}: {' | '.join(node['html'][:160] for node in violation['nodes'])}"
        for violation in results["violations"]
    ]
