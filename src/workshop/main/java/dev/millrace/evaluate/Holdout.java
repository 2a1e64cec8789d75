package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.popularity.DecayedCounts;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.EntrySource;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

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
    private static final long MILLIS_A_DAY = 86_400_000;
    private static final int USERS_AT_ONCE = 256;

    /** A test user. */
    private static final class Asker {
        private final long query; // where their first example of the test part is
        private int[] items = new int[2]; // of that part, by number: four bytes an example, or eight
        private int count;

        Asker(long query) {
            this.query = query;
        }

        void add(int item) {
            if (count == items.length) {
                items = Arrays.copyOf(items, 2 * count);
            }
            items[count++] = item;
        }
    }

    /** What a test user asks, and the items that are a hit. */
    private record Question(UserFeatures user, Features context, Set<String> had, Set<String> relevant) {}

    private final HoldoutSettings settings;
    private final Evaluation evaluation;

    /** @param evaluation whose share of the warm-up is learnt from if the settings give no days; its progress counts users, too */
    public Holdout(HoldoutSettings settings, Evaluation evaluation) {
        this.settings = settings;
        this.evaluation = evaluation;
    }

    /** @param cutoffs the N of the averages, each at least 1 */
    public Result run(List<Integer> cutoffs) {
        int used = evaluation.used();
        BitSet train = train(used);
        try (Trainer trainer =
                new Trainer(evaluation.trainer(), EntrySource.NONE, evaluation.times(), ExamWitness.NONE)) {
            Known known = new Known();
            Passes passes = new Passes(evaluation, trainer, train, train.cardinality());
            Consumer<MiniBatch> step = batch -> {
                batch.catalogue().forEach(known.neighbours::change);
                trainer.learnUnexamined(batch);
            };
            passes.begin(step);
            passes.feed(train.length(), train::get, known::observe, step);
            return find(cutoffs, trainer, used, train, known);
        }
    }

    /** Returns which examples are learnt from. */
    private BitSet train(int used) {
        RecordedExamples recorded = evaluation.recorded();
        if (settings.trainDays() == 0) {
            return Passes.first(recorded.endOf(used, evaluation.shares().warmUp()));
        }
        long[] firstDay = {Long.MAX_VALUE};
        recorded.readTimes(used, (place, time) -> {
            if (recorded.positives(place, place + 1) == 1) {
                firstDay[0] = Math.min(firstDay[0], day(time));
            }
        });
        BitSet train = new BitSet();
        recorded.readTimes(used, (place, time) -> train.set(place, day(time) < firstDay[0] + settings.trainDays()));
        return train;
    }

    private long day(long epochMillis) {
        return Math.floorDiv(epochMillis + Math.round(settings.utcOffsetHours() * MILLIS_AN_HOUR), MILLIS_A_DAY);
    }

    /** What the baselines know of the training part. */
    private final class Known {
        private final ItemNeighbours neighbours = new ItemNeighbours();
        private final Catalogue counted = new Catalogue('c');
        private final DecayedCounts counts = new DecayedCounts(
                'p', evaluation.trainer().exam().popularityHalfLife().toMillis() / MILLIS_AN_HOUR, counted);
        private double now;
        private int positives;

        void observe(TrainingExample example) {
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
        List<String> popular(List<String> items) {
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

    private Result find(List<Integer> cutoffs, Trainer trainer, int used, BitSet train, Known known) {
        List<String> items = trainer.items();
        int dim = trainer.dim();
        float[] vectors = new float[items.size() * dim];
        trainer.vectors(items, vectors);
        ItemIndex index = index(items, vectors, dim);
        List<String> popular = known.popular(items);
        int most = cutoffs.stream().mapToInt(Integer::intValue).max().orElse(1);

        Map<String, Averages> rankings = new LinkedHashMap<>();
        List<Asker> askers = askers(used, train, known.neighbours);
        QuerySample sample = QuerySample.of(
                evaluation.shares().queries(),
                askers.size(),
                1,
                evaluation.trainer().batch().seed());
        RecordedExamples.Reader reader = evaluation.recorded().reader();
        List<Question> some = new ArrayList<>();
        int searched = 0;
        for (int at = 0; at < askers.size() && !evaluation.isStopped().getAsBoolean(); at++) {
            if (sample.has(at)) {
                Question question = question(askers.get(at), reader, known.neighbours);
                if (!question.relevant().isEmpty()) {
                    some.add(question);
                }
            }
            if (some.size() < USERS_AT_ONCE && at + 1 < askers.size()) {
                continue;
            }
            float[] queries = new float[some.size() * dim];
            trainer.userVectors(
                    some.stream().map(Question::user).toList(),
                    some.stream().map(Question::context).toList(),
                    queries);
            for (int of = 0; of < some.size(); of++) {
                Question question = some.get(of);
                float[] query = Arrays.copyOfRange(queries, of * dim, (of + 1) * dim);
                Map<String, List<String>> found = new LinkedHashMap<>();
                found.put(
                        "model",
                        index.search(new Search(query, most, question.had()::contains)).stream()
                                .map(ScoredItem::item)
                                .toList());
                found.put(
                        "popularity",
                        popular.stream()
                                .filter(item -> !question.had().contains(item))
                                .limit(most)
                                .toList());
                found.put("item-knn", known.neighbours.nearest(question.user().history(), most, question.had()));
                found.forEach((name, best) -> rankings.computeIfAbsent(name, first -> new Averages())
                        .addFound(best, question.relevant(), cutoffs));
            }
            searched += some.size();
            some.clear();
            evaluation.progress().reached("users searched for", at + 1L, askers.size());
        }
        return new Result(
                known.positives,
                evaluation.recorded().positives(0, used) - known.positives,
                askers.size(),
                searched,
                sample.share(),
                items.size(),
                rankings,
                trainer.progress().positives());
    }

    private static ItemIndex index(List<String> items, float[] vectors, int dim) {
        ItemIndex index = new ItemIndex(dim);
        for (int at = 0; at < items.size(); at++) {
            float[] vector = Arrays.copyOfRange(vectors, at * dim, (at + 1) * dim);
            index.upsert(new ItemEmbedding(items.get(at), Optional.of(vector), "", 0, 0, 0), 0);
        }
        return index;
    }

    /** Returns the test users, by their first positives of the test part. */
    private List<Asker> askers(int used, BitSet train, ItemNeighbours neighbours) {
        Map<String, Asker> askers = new LinkedHashMap<>();
        RecordedExamples.Reader reader = evaluation.recorded().reader();
        while (reader.examples() < used && !evaluation.isStopped().getAsBoolean() && reader.advance()) {
            int place = reader.before();
            if (reader.kind() == RecordedExamples.Kind.EXAMPLE
                    && !train.get(place)
                    && evaluation.recorded().positives(place, place + 1) == 1) {
                TrainingExample example = reader.example();
                askers.computeIfAbsent(example.user().user(), first -> new Asker(reader.offset()))
                        .add(neighbours.number(example.item()));
            }
        }
        return List.copyOf(askers.values());
    }

    private static Question question(Asker asker, RecordedExamples.Reader reader, ItemNeighbours neighbours) {
        TrainingExample example = reader.exampleAt(asker.query);
        Set<String> had = neighbours.had(example.user().user());
        had.addAll(example.user().history());
        Set<String> relevant = new LinkedHashSet<>();
        for (int at = 0; at < asker.count; at++) {
            String item = neighbours.item(asker.items[at]);
            if (!had.contains(item)) {
                relevant.add(item);
            }
        }
        return new Question(example.user(), example.context(), had, relevant);
    }
}
