package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.popularity.DecayedCounts;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Trains on the first part, then searches for the rest: the protocol of the two-tower tutorials.
 *
 * <p>The examples go through {@link Trainer}, as in the stream. A test user has a positive in the test part. There is one query for each test user, with
 * the features, history and context of their first positive there. The relevant items are the distinct items of their positives in the test part,
 * without the items that they had before. The search does not return items that they had before. If the catalogue lists a relevant item only later, the item
 * counts as missed. If the settings make an example of an unclicked exposure, the model learns from it. Its item is neither one the user had nor relevant.
 */
public final class Holdout {

    /**
     * The result of an evaluation.
     *
     * @param trainPositives clicked examples learnt from, each once
     * @param testPositives clicked examples of the later part
     * @param testUsers users with a positive there
     * @param searchedUsers of these, users with a relevant item who were searched for
     * @param share of the test users that was asked for
     * @param items that can be found
     * @param rankings recall and precision over the searched users: by the model's vectors, and by decayed popularity and
     *     item-kNN as of the division
     * @param learnt examples learnt, each pass counted
     */
    public record Result(
            int trainPositives,
            int testPositives,
            int testUsers,
            int searchedUsers,
            double share,
            int items,
            Map<String, Averages> rankings,
            long learnt) {}

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final int USERS_AT_ONCE = 256;

    /**
     * A test user.
     *
     * @param query where their first example of the test part is
     * @param items of that part, by number
     */
    private record Asker(long query, Numbers items) {}

    /** What a test user asks, and the items that are a hit. */
    private record Question(TrainingExample first, Set<String> had, Set<String> relevant) {}

    private final HoldoutSettings settings;
    private final Evaluation evaluation;

    /** @param evaluation whose share of the warm-up is learnt from if the settings give no days; its progress counts users, too */
    public Holdout(HoldoutSettings settings, Evaluation evaluation) {
        this.settings = settings;
        this.evaluation = evaluation;
    }

    /** @param cutoffs the N of the averages, each at least 1 */
    public Result run(List<Integer> cutoffs) {
        Split split = Split.byDays(settings, evaluation);
        try (Runner runner = new Runner(evaluation, split, evaluation.trainer(), ExamWitness.NONE)) {
            Known known = new Known(runner.trainer());
            runner.run(known);
            return find(cutoffs, runner, split.fed(), known);
        }
    }

    /** What the baselines know of the training part. */
    private final class Known implements Score {
        private final Trainer trainer;
        private final ItemNeighbours neighbours = new ItemNeighbours();
        private final Catalogue counted = new Catalogue('c');
        private final DecayedCounts counts = new DecayedCounts(
                'p', evaluation.trainer().exam().popularityHalfLife().toMillis() / MILLIS_AN_HOUR, counted);
        private double now;
        private int positives;

        Known(Trainer trainer) {
            this.trainer = trainer;
        }

        @Override
        public void repeat(MiniBatch batch) {
            batch.catalogue().forEach(neighbours::change);
            trainer.learnUnexamined(batch);
        }

        @Override
        public void take(MiniBatch batch, Split.Part part) {
            repeat(batch);
        }

        @Override
        public void fed(TrainingExample example, Split.Part part) {
            if (example.isPositive()) {
                positives++;
                neighbours.observe(example.user().user(), example.item());
                double time = example.time() / MILLIS_AN_HOUR;
                counted.apply(
                        new CatalogueChange.Upsert(new CatalogueItem(example.item(), example.time(), Features.NONE)));
                counts.add(counted.number(example.item()).orElseThrow(), time, 1);
                now = Math.max(now, time);
            }
        }

        /** Returns the items by popularity at the end of the training part, most popular first. */
        List<String> popular(Collection<String> items) {
            Map<String, Double> byItem = new HashMap<>();
            for (String item : items) {
                byItem.put(item, counts.count(counted.number(item, Catalogue.NO_NUMBER), now));
            }
            List<String> sorted = new ArrayList<>(items);
            sorted.sort(Comparator.comparing((String item) -> byItem.getOrDefault(item, 0.0))
                    .reversed()
                    .thenComparing(Comparator.naturalOrder()));
            return sorted;
        }
    }

    private Result find(List<Integer> cutoffs, Runner runner, BitSet train, Known known) {
        VectorIndex index = new VectorIndex(runner.trainer().dim());
        Map<String, float[]> vectors = runner.vectors();
        vectors.forEach(index::put);
        List<String> popular = known.popular(vectors.keySet());
        int most = cutoffs.stream().mapToInt(Integer::intValue).max().orElse(1);

        Map<String, Averages> rankings = new LinkedHashMap<>();
        List<Asker> askers = askers(train, known.neighbours);
        QuerySample sample = QuerySample.of(
                evaluation.shares().queries(),
                askers.size(),
                1,
                evaluation.trainer().batch().seed());
        RecordedExamples.Reader reader = evaluation.recorded().reader();
        List<Question> some = new ArrayList<>();
        int searched = 0;
        for (int at = 0; at < askers.size() && !runner.isStopped(); at++) {
            if (sample.has(at)) {
                Question question = question(askers.get(at), reader, known.neighbours);
                if (!question.relevant().isEmpty()) {
                    some.add(question);
                }
            }
            if (some.size() < USERS_AT_ONCE && at + 1 < askers.size()) {
                continue;
            }
            List<float[]> queries =
                    runner.queries(some.stream().map(Question::first).toList());
            for (int of = 0; of < some.size(); of++) {
                Question question = some.get(of);
                Set<String> had = question.had();
                Map<String, List<String>> found = new LinkedHashMap<>();
                found.put("model", index.best(queries.get(of), most, had));
                found.put(
                        "popularity",
                        popular.stream()
                                .filter(item -> !had.contains(item))
                                .limit(most)
                                .toList());
                found.put(
                        "item-knn",
                        known.neighbours.nearest(question.first().user().history(), most, had));
                found.forEach((name, best) -> rankings.computeIfAbsent(name, first -> new Averages())
                        .addFound(best, question.relevant(), cutoffs));
            }
            searched += some.size();
            some.clear();
            evaluation.progress().reached("users searched for", at + 1L, askers.size());
        }
        return new Result(
                known.positives,
                evaluation.recorded().positives(0, evaluation.used()) - known.positives,
                askers.size(),
                searched,
                sample.share(),
                vectors.size(),
                rankings,
                runner.trainer().progress().positives());
    }

    /** Returns the test users, by their first positives of the test part. */
    private List<Asker> askers(BitSet train, ItemNeighbours neighbours) {
        Map<String, Asker> askers = new LinkedHashMap<>();
        RecordedExamples.Reader reader = evaluation.recorded().reader();
        while (reader.examples() < evaluation.used() && !evaluation.isStopped().getAsBoolean() && reader.advance()) {
            int place = reader.before();
            if (reader.kind() == RecordedExamples.Kind.EXAMPLE
                    && !train.get(place)
                    && evaluation.recorded().positives(place, place + 1) == 1) {
                TrainingExample example = reader.example();
                askers.computeIfAbsent(example.user().user(), first -> new Asker(reader.offset(), new Numbers()))
                        .items()
                        .add(neighbours.number(example.item()));
            }
        }
        return List.copyOf(askers.values());
    }

    private static Question question(Asker asker, RecordedExamples.Reader reader, ItemNeighbours neighbours) {
        TrainingExample example = reader.exampleAt(asker.query());
        Set<String> had = neighbours.had(example.user().user());
        had.addAll(example.user().history());
        Set<String> relevant = asker.items().stream()
                .mapToObj(neighbours::item)
                .filter(item -> !had.contains(item))
                .collect(Collectors.toSet());
        return new Question(example, had, relevant);
    }
}
