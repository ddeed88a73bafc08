"""How far private answers are from the truth: Lazaret beside what else one could take.

    python accuracy.py --lazaret target/release/lazaret --runs 40 \
        --with opendp=PYTHON --with smartnoise=PYTHON --with pipelinedp=PYTHON

Makes a home of synthetic people, asks the same three questions of each engine again and again at
epsilon 1, with the same bounds, and prints the root mean square error over the two large groups.
The other engines need versions of their own libraries, so each has a Python: a virtual environment
with `opendp[polars]`, `smartnoise-sql` or `pipeline-dp`; this one needs `duckdb`.
"""

import argparse
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

LOW, HIGH = 1900, 2020
DELTA = 1e-6
SEXES = ["female", "male"]
FIGURES = ["count", "mean", "count beside a sum", "sum beside a count"]
QUESTIONS = {
    "count": "SELECT sex, COUNT(*) AS a FROM person GROUP BY sex",
    "mean": f"SELECT sex, AVG(clamp(birth_year, {LOW}, {HIGH})) AS a FROM person GROUP BY sex",
    "both": f"SELECT sex, COUNT(birth_year) AS a, SUM(clamp(birth_year, {LOW}, {HIGH})) AS b "
    "FROM person GROUP BY sex",
}


def read(path):
    with open(path) as file:
        return [(int(p), sex, int(year)) for p, sex, year in csv.reader(file)]


def truth(rows):
    """By figure and sex."""
    found = {}
    for sex in SEXES:
        years = [year for _, s, year in rows if s == sex]
        found[sex] = [len(years), sum(years) / len(years), len(years), sum(years)]
    return found


def errors(rows, runs, answer):
    """Root mean square errors by figure; `answer` gives {sex: (a, ...)} for a question."""
    exact = truth(rows)
    squares = [[], [], [], []]
    for _ in range(runs):
        for question, figures in [("count", [0]), ("mean", [1]), ("both", [2, 3])]:
            answered = answer(question)
            for sex in SEXES:
                for figure, value in zip(figures, answered[sex]):
                    squares[figure].append((value - exact[sex][figure]) ** 2)
    return [math.sqrt(sum(all) / len(all)) for all in squares]


def opendp(rows, runs):
    import opendp.prelude as dp
    import polars as pl

    dp.enable_features("contrib")
    frame = pl.DataFrame(rows, schema=["person", "sex", "year"], orient="row")
    frame = frame.with_columns(pl.col("year").cast(pl.Float64)).lazy()
    keys = pl.LazyFrame({"sex": SEXES})
    year = pl.col("year").fill_null(0.0).fill_nan(0.0)
    asked = {
        "count": [dp.len(signed=True).alias("a")],
        "mean": [year.dp.mean((float(LOW), float(HIGH))).alias("a")],
        "both": [dp.len(signed=True).alias("a"), year.dp.sum((float(LOW), float(HIGH))).alias("b")],
    }

    def answer(question):
        context = dp.Context.compositor(
            data=frame,
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=dp.loss_of(epsilon=1.0),
            split_evenly_over=1,
            margins=[dp.polars.Margin(by=["sex"], max_length=20_000, max_groups=8)],
        )
        query = context.query().group_by("sex").agg(asked[question]).with_keys(keys)
        table = query.release().collect()
        return {row[0]: row[1:] for row in table.select("sex", pl.all().exclude("sex")).rows()}

    return errors(rows, runs, answer)


def smartnoise(rows, runs):
    import warnings

    import pandas
    import snsql

    warnings.filterwarnings("ignore")
    frame = pandas.DataFrame(rows, columns=["person", "sex", "born"])
    table = {
        "max_ids": 1, "row_privacy": False, "clamp_counts": False, "censor_dims": False,
        "rows": len(rows),
        "person": {"name": "person", "type": "int", "private_id": True},
        "sex": {"name": "sex", "type": "string"},
        "born": {"name": "born", "type": "int", "lower": LOW, "upper": HIGH},
    }
    metadata = {"": {"s": {"person": table}}}
    asked = {
        "count": "COUNT(*) AS a",
        "mean": "AVG(born) AS a",
        "both": "COUNT(*) AS a, SUM(born) AS b",
    }

    def answer(question):
        sql = f"SELECT sex, {asked[question]} FROM s.person GROUP BY sex"
        spent = 1.0
        for _ in range(2):
            # It takes epsilon for each column: of both together they are to cost 1.
            privacy = snsql.Privacy(epsilon=spent, delta=DELTA)
            reader = snsql.from_df(frame, privacy=privacy, metadata=metadata)
            spent /= reader.get_privacy_cost(sql)[0]
        answered = reader.execute(sql)
        return {row[0]: row[1:] for row in answered[1:]}

    return errors(rows, runs, answer)


def pipelinedp(rows, runs):
    import pipeline_dp

    metrics = pipeline_dp.Metrics
    asked = {"count": [metrics.COUNT], "mean": [metrics.MEAN], "both": [metrics.COUNT, metrics.SUM]}
    extractors = pipeline_dp.DataExtractors(
        privacy_id_extractor=lambda row: row[0],
        partition_extractor=lambda row: row[1],
        value_extractor=lambda row: row[2],
    )

    def answer(question):
        accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=DELTA)
        engine = pipeline_dp.DPEngine(accountant, pipeline_dp.LocalBackend())
        params = pipeline_dp.AggregateParams(
            noise_kind=pipeline_dp.NoiseKind.LAPLACE, metrics=asked[question],
            max_partitions_contributed=1, max_contributions_per_partition=1,
            min_value=LOW, max_value=HIGH,
        )
        answered = engine.aggregate(rows, params, extractors, public_partitions=SEXES)
        accountant.compute_budgets()
        found = {}
        for sex, values in answered:
            named = {"count": ["count"], "mean": ["mean"], "both": ["count", "sum"]}[question]
            found[sex] = [getattr(values, name) for name in named]
        return found

    return errors(rows, runs, answer)


class Home:
    """A home of synthetic people, whose permits are for this alone."""

    def __init__(self, lazaret, folder, persons):
        self.lazaret, self.home = str(pathlib.Path(lazaret).resolve()), folder / "home"
        self.asked = 0
        self.run("init", "--demo")
        config = self.home / "lazaret.toml"
        cap = config.read_text().replace("epsilon = 20.0", "epsilon = 100000.0")
        config.write_text(cap.replace("delta = 1e-6", "delta = 1e-4"))
        night = self.run("synth", "fhir", "--persons", str(persons), "--out", str(folder / "export"))
        pipeline = pathlib.Path(__file__).resolve().parents[4] / "pipelines" / "fhir-r4"
        self.run("ingest", str(pipeline), "--from", night.strip())

    def run(self, *words):
        done = subprocess.run(
            [self.lazaret, "--home", str(self.home), *words], capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"lazaret {' '.join(words)}: {done.stderr}")
        return done.stdout

    def permit(self, account):
        file = self.home / "policy.json"
        dp = {"epsilonTotal": 400.0, "delta": DELTA}
        policy = {"dataset": "fr-demo", "account": account,
                  "output": {"dp": dp, "minCellPersons": 1}}
        file.write_text(json.dumps(policy))
        return self.run("permit", "grant", str(file)).strip()

    def rows(self):
        import duckdb

        files = str(self.home / "lake" / "fr-demo" / "person" / "**" / "*.parquet")
        found = duckdb.sql(f"SELECT person_id, sex, birth_year FROM read_parquet('{files}')")
        return [row for row in found.fetchall() if row[1] in SEXES and row[2] is not None]

    def errors(self, rows, runs, account):
        permit = self.permit(account)

        def answer(question):
            # Another epsilon by a billionth is another question, with noise of its own.
            self.asked += 1
            epsilon = f"{1 - self.asked * 1e-9:.9f}"
            words = ["--permit", permit, "--epsilon", epsilon, "--format", "json", "--rows", "1"]
            card = json.loads(self.run("query", *words, "--sql", QUESTIONS[question]))
            shown = {row["sex"]: row for row in card["rows"]}
            return {s: [shown[s][c]["value"] for c in "ab" if c in shown[s]] for s in SEXES}

        return errors(rows, runs, answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lazaret", required=True)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--persons", type=int, default=5000)
    parser.add_argument("--with", dest="others", action="append", default=[])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        home = Home(asked.lazaret, folder, asked.persons)
        rows = home.rows()
        file = folder / "rows.csv"
        with open(file, "w", newline="") as out:
            csv.writer(out).writerows(rows)
        print(f"{len(rows)} persons, {asked.runs} runs: root mean square error")
        print("| | " + " | ".join(FIGURES) + " |\n|---|" + "---|" * len(FIGURES))

        def line(name, found):
            print(f"| {name} | " + " | ".join(f"{value:.3g}" for value in found) + " |", flush=True)

        for account in ["basic", "zcdp"]:
            line(f"Lazaret, {account}", home.errors(rows, asked.runs, account))
        for other in asked.others:
            name, python = other.split("=", 1)
            words = [python, __file__, "engine", name, str(file), str(asked.runs)]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode:
                print(f"| {name} | failed: {done.stderr.strip().splitlines()[-1]} |", flush=True)
                continue
            line(name, json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["engine"]:
        engine = {"opendp": opendp, "smartnoise": smartnoise, "pipelinedp": pipelinedp}[sys.argv[2]]
        print(json.dumps(engine(read(sys.argv[3]), int(sys.argv[4]))))
    else:
        main()
