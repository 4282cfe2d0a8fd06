"""`tfcompat audit`: lists the batch normalizations of a graph or checkpoint, and what is wrong with them."""

from typing import Any, Dict, List

from tfcompat.commands.terminal import console, print_json, print_table
from tfcompat.migrate.auditing.audit import Report, audit
from tfcompat.migrate.auditing.diagnoses import Diagnosis
from tfcompat.migrate.auditing.site import Site

_COLUMNS = ("axis", "momentum", "epsilon", "center", "scale", "virtual_batch_size")


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    command = commands.add_parser(
        "audit",
        help="list the batch normalizations of a graph or checkpoint, and what is wrong with them",
        description="Lists the batch normalizations of a graph or checkpoint with their arguments, and what is wrong "
        "with them. Nothing is run. Exits with 1 if anything is an error, with 2 if PATH cannot be read.",
    )
    command.add_argument(
        "path", metavar="PATH", help="a checkpoint, a MetaGraph (.meta), a frozen graph (.pb) or a SavedModel"
    )
    command.add_argument("--json", action="store_true", help="print everything for programs")
    command.set_defaults(run=run)


def run(options: Any) -> int:
    """Audits and prints; 1 if any diagnosis is an error.

    Raises:
      InputError: the path cannot be read.
    """
    report = audit(options.path)
    if options.json:
        print_json(as_json(report))
    else:
        _print(report)
    return int(any(found.severity == "error" for found in report.diagnoses))


def as_json(report: Report) -> Dict[str, Any]:
    """The report as JSON has it."""
    return dict(
        report._asdict(),
        sites=[_site_as_json(site) for site in report.sites],
        diagnoses=[found._asdict() for found in report.diagnoses],
    )


def _site_as_json(site: Site) -> Dict[str, Any]:
    updates = [{key: value for key, value in update._asdict().items() if key != "anchors"} for update in site.updates]
    return dict(site._asdict(), training=site.training._asdict(), updates=updates)


def _print(report: Report) -> None:
    out = console()
    steps = "" if report.steps is None else ", after {} steps".format(report.steps)
    count = len(report.sites)
    out.print("{}: {}{}, {} batch normalization{}".format(report.path, report.kind, steps, count, "s" * (count != 1)))
    if report.sites:
        out.print()
        print_table(
            ("layer", "called in", "form", "training", *_COLUMNS, "renorm"), [_row(site) for site in report.sites]
        )
    for text in _findings(report) + ["note: " + note + "." for note in report.notes]:
        out.print()
        out.print(text)
    if report.sites and not report.diagnoses:
        out.print()
        out.print("Nothing is wrong with them, as far as this shows.")


def _findings(report: Report) -> List[str]:
    """One text for all layers of which the same is to say."""
    layers: Dict[Diagnosis, List[str]] = {}
    for found in report.diagnoses:
        layers.setdefault(found._replace(layer=""), []).append(found.layer)
    form = "{0.severity} {0.code}: {0.sentence}.\n  at {1}\n  To do: {0.cure}."
    return [form.format(found, ", ".join(names)) for found, names in layers.items()]


def _row(site: Site) -> List[Any]:
    called = None if site.call == site.layer else site.call
    return [site.layer, called, site.form, site.training, *(site.arguments[name] for name in _COLUMNS), _renorm(site)]


def _renorm(site: Site) -> Any:
    if site.arguments["renorm"] is not True:
        return site.arguments["renorm"]
    clipping = site.arguments["renorm_clipping"]
    bounds = clipping if isinstance(clipping, dict) else {}
    written = ["{}={}".format(key, value) for key, value in bounds.items()]
    return ", ".join(["momentum={}".format(site.arguments["renorm_momentum"])] + written)
