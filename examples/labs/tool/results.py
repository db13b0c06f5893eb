"""What a grade looks like: on the terminal, as a report to hand in, and as the files that course
platforms read."""
from __future__ import annotations

import getpass
import json
import os
from datetime import datetime, timezone
from pathlib import Path

from check import Grade, TestResult
from course import Lab

# Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
# Classroom 50: https://github.com/foundation50/classroom50, schemas/result-v1.schema.json


def write_all(grade: Grade, folder: Path) -> None:
    """report.md, report.json, results/results.json (Gradescope), results/result.json
    (Classroom 50)."""
    (folder / "results").mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(markdown(grade))
    write_json(folder / "report.json", report(grade))
    write_json(folder / "results" / "results.json", gradescope(grade))
    write_json(folder / "results" / "result.json", classroom50(grade, os.environ))


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def test_list(lab: Lab) -> str:
    lines = [f"Lab {lab.number}: {lab.title}: {len(lab.tests)} tests, {lab.points} points"]
    lines += [f"  {test.points:>2}  {test.name}" for test in lab.tests]
    return "\n".join(lines)


def terminal(grade: Grade) -> str:
    lines = []
    if grade.build_message:
        lines += [grade.build_message, ""]
    for result in grade.results:
        mark = "ok    " if result.passed else "FAILED"
        lines.append(f"{mark} {result.points:>2}/{result.test.points:<2}  {result.test.name}")
        if not result.passed and grade.builds:
            lines += [f"              {line}" for line in result.message.splitlines()]
    lines.append(f"{grade.points} of {grade.lab.points} points")
    return "\n".join(lines)


def markdown(grade: Grade) -> str:
    lab = grade.lab
    lines = [f"# Lab {lab.number}: {lab.title}", "",
             f"**{grade.points} of {lab.points} points**, {now()}", "",
             "| test | points | what it checks |", "|---|---:|---|"]
    for result in grade.results:
        lines.append(f"| {result.test.name} | {result.points} of {result.test.points} | "
                     f"{result.test.checks} |")
    if grade.build_message:
        lines += ["", "## What the compiler says", "", "```text", grade.build_message, "```"]
    failed = [result for result in grade.results if not result.passed and grade.builds]
    if failed:
        lines += ["", "## What failed"]
    for result in failed:
        lines += ["", f"### {result.test.name}", "", "```text", result.message, "```"]
    return "\n".join(lines) + "\n"


def report(grade: Grade) -> dict:
    return {
        "lab": grade.lab.number,
        "title": grade.lab.title,
        "points": grade.points,
        "max_points": grade.lab.points,
        "builds": grade.builds,
        "build_message": grade.build_message,
        "seconds": round(grade.seconds, 2),
        "graded_at": now(),
        "tests": [{
            "name": result.test.name,
            "checks": result.test.checks,
            "points": result.points,
            "max_points": result.test.points,
            "passed": result.passed,
            "message": result.message,
            "seconds": round(result.seconds, 2),
        } for result in grade.results],
    }


def gradescope(grade: Grade) -> dict:
    return {
        "score": grade.points,
        "execution_time": round(grade.seconds, 2),
        "output": grade.build_message or f"{grade.points} of {grade.lab.points} points",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [{
            "name": result.test.name,
            "number": str(number),
            "score": result.points,
            "max_score": result.test.points,
            "status": "passed" if result.passed else "failed",
            "output": output_of(result),
            "output_format": "text",
            "visibility": "visible",
        } for number, result in enumerate(grade.results, 1)],
    }


def output_of(result: TestResult) -> str:
    return f"Checks: {result.test.checks}" + (f"\n{result.message}" if result.message else "")


def classroom50(grade: Grade, env: dict[str, str] | os._Environ[str]) -> dict:
    """On Classroom 50's runner the environment says whose work this is; it stamps owner and times
    itself."""
    def given(*names: str, otherwise: str) -> str:
        return next((env[name] for name in names if env.get(name)), otherwise)

    commit = given("COMMIT_URL", otherwise="local")
    return {
        "schema": "classroom50/result/v1",
        "classroom": given("CLASSROOM", otherwise="local"),
        "assignment": given("ASSIGNMENT", otherwise=f"lab-{grade.lab.number:02}"),
        "assignment_type": given("ASSIGNMENT_TYPE", otherwise="individual"),
        "owner": given("OWNER", "USERNAME", otherwise=getpass.getuser()),
        "submission": given("SUBMISSION_TAG", otherwise="submit/local"),
        "commit": commit,
        "release": given("RELEASE_URL", otherwise="local"),
        "review": given("REVIEW_URL", otherwise=commit),
        "datetime": now(),
        "graded_at": now(),
        "score": grade.points,
        "max-score": grade.lab.points,
        "tests": [{
            "test-name": result.test.name,
            "passed": result.passed,
            "score": result.points,
            "max-score": result.test.points,
            "output": output_of(result),
        } for result in grade.results],
    }


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
