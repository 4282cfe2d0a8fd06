"""`tfcompat checkpoint inspect|plan|convert|export`."""

from typing import Any, Dict, List

from tfcompat.commands import terminal

_EPILOG = {
    "inspect": "Lists the layers of a TF1 checkpoint and what in it is no part of a model.",
    "plan": "Says what would become of each variable. The status is 1 where a variable is unmatched.",
    "convert": "Writes a model's .weights.h5 or .keras from a TF1 checkpoint.",
    "export": "Writes a TF1 checkpoint, readable by tf.train.Saver, from a model's .weights.h5 or .keras.",
}
_PATH = "a checkpoint's prefix, one of its files, or its folder"


def add_to(commands: Any) -> None:
    """Tells argparse the options."""
    top = commands.add_parser("checkpoint", help="TF1 checkpoints to Keras weights, and back")
    tasks = top.add_subparsers(dest="task", metavar="TASK")
    tasks.required = True
    for name, run in (("inspect", _inspect), ("plan", _plan), ("convert", _convert), ("export", _export)):
        task = tasks.add_parser(name, help=_EPILOG[name], description=_EPILOG[name])
        what = "NAME.weights.h5 or NAME.keras" if name == "export" else _PATH
        task.add_argument("path", metavar="PATH", help=what)
        task.add_argument("--json", action="store_true", help="print JSON")
        task.set_defaults(run=run)
        if name != "inspect":
            _add_model_options(task, name)


def _add_model_options(task: Any, name: str) -> None:
    task.add_argument(
        "--model",
        required=True,
        metavar="FUNCTION",
        help="gives the built model: package.module:function or path/to/file.py:function",
    )
    task.add_argument(
        "--name-map", metavar="FILE", help='JSON: {"name in the checkpoint": "path in the model" or null}'
    )
    if name == "export":
        task.add_argument("--like", metavar="PATH", help="a TF1 checkpoint whose names are taken (those of tf.layers)")
    else:
        task.add_argument("--shadows", action="store_true", help="take ExponentialMovingAverage shadows")
    if name != "plan":
        task.add_argument("--to", required=True, metavar="TARGET", help="where to")
        task.add_argument("--overwrite", action="store_true", help="the target may exist")
        task.add_argument("--allow-unmatched", action="store_true", help="leave unmatched variables as they are")


def _inspect(options: Any) -> int:
    terminal.quiet_tensorflow()
    from tfcompat.migrate.checkpoints.reader import Checkpoint
    from tfcompat.migrate.checkpoints.sources import contents

    checkpoint = Checkpoint(options.path)
    found = contents(checkpoint.variables)
    rows: List[Dict[str, Any]] = [
        {
            "layer": layer.path,
            "kind": layer.kind,
            "variables": {role: {"shape": list(v.shape), "dtype": v.dtype} for role, v in layer.variables.items()},
        }
        for layer in found.layers
    ]
    if options.json:
        skipped = [row._asdict() for row in found.skipped]
        terminal.print_json({"checkpoint": checkpoint.prefix, "layers": rows, "skipped": skipped})
        return 0
    print(checkpoint.prefix)
    table = ((row["layer"], row["kind"], role, v["shape"]) for row in rows for role, v in row["variables"].items())
    terminal.print_table(("layer", "kind", "variable", "shape"), table)
    if found.skipped:
        terminal.print_table(("no part of a model", "why"), found.skipped)
    return 0


def _loading(options: Any) -> Any:
    terminal.quiet_tensorflow()
    from tfcompat.migrate.checkpoints import model_function
    from tfcompat.migrate.checkpoints.loading import Loading

    function = model_function.find(options.model)
    return Loading(options.path, function, options.name_map, shadows=options.shadows)


def _plan(options: Any) -> int:
    plan = _loading(options).plan
    _print_plan(plan, options.json)
    return 1 if plan.unmatched else 0


def _convert(options: Any) -> int:
    from tfcompat.migrate.checkpoints.loading import check_target

    check_target(options.to, options.overwrite)
    return _apply(_loading(options), options)


def _export(options: Any) -> int:
    terminal.quiet_tensorflow()
    from tfcompat.migrate.checkpoints import model_function
    from tfcompat.migrate.checkpoints.exporting import Exporting

    function = model_function.find(options.model)
    return _apply(Exporting(options.path, function, options.like, options.name_map), options)


def _apply(work: Any, options: Any) -> int:
    """Prints the plan, then does it."""
    _print_plan(work.plan, options.json)
    work.plan.check(options.allow_unmatched)
    with terminal.progress_of_bytes() as progress:
        task = progress.add_task(options.to, total=work.size)
        work.write(options.to, options.overwrite, lambda done: progress.advance(task, done))
    if not options.json:
        print("{}: {} variables written".format(options.to, len(work.plan.mapped)))
    return 0


def _print_plan(plan: Any, as_json: bool) -> None:
    if as_json:
        terminal.print_json(plan.as_json())
        return
    rows = ((" ".join(row.sources), row.target, row.conversion, row.by) for row in plan.mapped)
    terminal.print_table(("mapped from", "to", "conversion", "by"), rows)
    if plan.skipped:
        terminal.print_table(("skipped", "why"), plan.skipped)
    if plan.unmatched:
        terminal.print_table(("unmatched in the", "variable", "why"), plan.unmatched)
    for note in plan.notes:
        print(note)
    print("{} mapped, {} skipped, {} unmatched".format(len(plan.mapped), len(plan.skipped), len(plan.unmatched)))
