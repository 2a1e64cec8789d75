package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
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
     * @param searchedUsers of these, users with a relevant item
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
            int items,
            Map<String, Averages> rankings,
            long learnt) {}

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final long MILLIS_A_DAY = 86_400_000;
    private static final int USERS_AT_ONCE = 256;

    /** A test user with their query, and the items that are a hit. */
    private record Asker(UserFeatures user, Features context, Set<String> had, Set<String> relevant) {}

    private final HoldoutSettings settings;
    private final Evaluation evaluation;

    /** @param evaluation whose share of the warm-up is learnt from if the settings give no days; its progress counts users, too */
    public Holdout(HoldoutSettings settings, Evaluation evaluation) {
        this.settings = settings;
        this.evaluation = evaluation;
    }

    /** @param cutoffs the N of the averages, each at least 1 */
    public Result run(List<Integer> cutoffs) {
        List<TrainingExample> train = new ArrayList<>();
        List<TrainingExample> test = new ArrayList<>();
        divide(evaluation.used(), train, test);
        ItemNeighbours neighbours = new ItemNeighbours();
        try (Trainer trainer =
                new Trainer(evaluation.trainer(), EntrySource.NONE, evaluation.times(), ExamWitness.NONE)) {
            Passes passes = new Passes(evaluation, trainer, train, train.size());
            Consumer<MiniBatch> step = batch -> {
                batch.catalogue().forEach(neighbours::change);
                trainer.learnUnexamined(batch);
            };
            passes.begin(step);
            passes.feed(train, step);
            List<TrainingExample> clicked = Passes.positives(train);
            clicked.forEach(example -> neighbours.observe(example.user().user(), example.item()));
            return find(cutoffs, trainer, clicked, Passes.positives(test), neighbours);
        }
    }

    private void divide(List<TrainingExample> used, List<TrainingExample> train, List<TrainingExample> test) {
        if (settings.trainDays() == 0) {
            int testFrom = Passes.endOf(used, evaluation.shares().warmUp());
            train.addAll(used.subList(0, testFrom));
            test.addAll(used.subList(testFrom, used.size()));
            return;
        }
        long firstDay = Passes.positives(used).stream()
                .mapToLong(example -> day(example.time()))
                .min()
                .orElse(0);
        for (TrainingExample example : used) {
            (day(example.time()) < firstDay + settings.trainDays() ? train : test).add(example);
        }
    }

    private long day(long epochMillis) {
        return Math.floorDiv(epochMillis + Math.round(settings.utcOffsetHours() * MILLIS_AN_HOUR), MILLIS_A_DAY);
    }

    private Result find(
            List<Integer> cutoffs,
            Trainer trainer,
            List<TrainingExample> train,
            List<TrainingExample> test,
            ItemNeighbours neighbours) {
        List<String> items = trainer.items();
        int dim = trainer.dim();
        float[] vectors = new float[items.size() * dim];
        trainer.vectors(items, vectors);
        ItemIndex index = index(items, vectors, dim);
        List<String> popular = popular(items, train);
        int most = cutoffs.stream().mapToInt(Integer::intValue).max().orElse(1);

        Map<String, Averages> rankings = new LinkedHashMap<>();
        List<Asker> all = askers(train, test);
        List<Asker> askers =
                all.stream().filter(asker -> !asker.relevant().isEmpty()).toList();
        for (int from = 0; from < askers.size(); from += USERS_AT_ONCE) {
            List<Asker> some = askers.subList(from, Math.min(from + USERS_AT_ONCE, askers.size()));
            float[] queries = new float[some.size() * dim];
            trainer.userVectors(
                    some.stream().map(Asker::user).toList(),
                    some.stream().map(Asker::context).toList(),
                    queries);
            for (int at = 0; at < some.size(); at++) {
                Asker asker = some.get(at);
                float[] query = Arrays.copyOfRange(queries, at * dim, (at + 1) * dim);
                Map<String, List<String>> found = new LinkedHashMap<>();
                found.put(
                        "model",
                        index.search(new Search(query, most, asker.had()::contains)).stream()
                                .map(ScoredItem::item)
                                .toList());
                found.put(
                        "popularity",
                        popular.stream()
                                .filter(item -> !asker.had().contains(item))
                                .limit(most)
                                .toList());
                found.put("item-knn", neighbours.nearest(asker.user().history(), most, asker.had()));
                found.forEach((name, best) -> rankings.computeIfAbsent(name, first -> new Averages())
                        .addFound(best, asker.relevant(), cutoffs));
            }
            evaluation.progress().reached("users searched for", from + some.size(), askers.size());
        }
        return new Result(
                train.size(),
                test.size(),
                all.size(),
                askers.size(),
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

    /** Returns the items by popularity at the end of the training part, most popular first. */
    private List<String> popular(List<String> items, List<TrainingExample> train) {
        DecayedCounts counts = new DecayedCounts(
                'p', evaluation.trainer().exam().popularityHalfLife().toMillis() / MILLIS_AN_HOUR, id -> id);
        double now = 0;
        for (TrainingExample example : train) {
            double time = example.time() / MILLIS_AN_HOUR;
            counts.add(example.item(), time, 1);
            now = Math.max(now, time);
        }
        Map<String, Double> byItem = new HashMap<>();
        for (String item : items) {
            byItem.put(item, counts.count(item, now));
        }
        List<String> sorted = new ArrayList<>(items);
        sorted.sort(Comparator.comparing((String item) -> byItem.getOrDefault(item, 0.0))
                .reversed()
                .thenComparing(Comparator.naturalOrder()));
        return sorted;
    }

    private static List<Asker> askers(List<TrainingExample> train, List<TrainingExample> test) {
        Map<String, Set<String>> hadByUser = new HashMap<>();
        for (TrainingExample example : train) {
            hadByUser
                    .computeIfAbsent(example.user().user(), absent -> new HashSet<>())
                    .add(example.item());
        }
        Map<String, Asker> askers = new LinkedHashMap<>();
        for (TrainingExample example : test) {
            String user = example.user().user();
            Asker asker = askers.computeIfAbsent(user, absent -> {
                Set<String> had = new HashSet<>(hadByUser.getOrDefault(user, Set.of()));
                had.addAll(example.user().history());
                return new Asker(example.user(), example.context(), had, new LinkedHashSet<>());
            });
            if (!asker.had().contains(example.item())) {
                asker.relevant().add(example.item());
            }
        }
        return List.copyOf(askers.values());
    }
}
