package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One window of the log after the other, as papers on continual learning evaluate (such as Mi, Lin and Faltings 2020, ADER).
 *
 * <p>The queries of a window are ranked twice: all of them by the model as it stood at the window's beginning, and each one by the model as it
 * stands when the query's batch comes, which then is learnt. Candidates are the items that an example named before. The first window is learnt
 * and not ranked. Everything is learnt once, in order, and a batch ends with its window.
 *
 * <p>Both rankings are of the same events. They differ in the history: the frozen model knows no items that were new in the window, so that they
 * are in none of its histories.
 */
public final class Windows {

    /**
     * The result of one window.
     *
     * @param name of the window
     * @param positives clicked examples of the window
     * @param withoutHistory of these, events without a history
     * @param unseen of the others, events of an item that is new in the window; they are no queries if such are dropped
     * @param share of the window that was ranked
     * @param rankings of the same events: {@code frozen}, by the model as it stood at the beginning, {@code online}, as it stood at the
     *     event's batch, and by popularity as of then
     */
    public record Window(
            String name, int positives, int withoutHistory, int unseen, double share, Map<String, Averages> rankings) {}

    /**
     * The result of an evaluation.
     *
     * @param windows in their order, without the first; if it was stopped, those that were begun
     * @param learnt examples learnt
     * @param refusedSteps batches that were refused because they would have harmed the model
     * @param items in the catalogue at the end
     */
    public record Result(List<Window> windows, long learnt, long refusedSteps, int items) {}

    private static final int RANKED_AT_ONCE = 1024;

    /** The places of an event's item. */
    private record Place(double byModel, double byPopularity) {
        static final Place NOT_FOUND = new Place(Averages.NOT_FOUND, Averages.NOT_FOUND);
    }

    private final WindowSettings settings;
    private final Evaluation evaluation;

    /** @param evaluation of whose shares that of the positives that is used counts, and how many events are ranked */
    public Windows(WindowSettings settings, Evaluation evaluation) {
        this.settings = settings;
        this.evaluation = evaluation;
    }

    /**
     * Trains a new model, over all events so far. The progress is told before each window, too.
     *
     * @throws InvalidSettingsException if there are less than two windows
     */
    public Result run() {
        Split split = Split.byWindows(settings, evaluation);
        TrainerSettings examined = evaluation
                .trainer()
                .keepingItems() // those that come with their first click are unannounced, and would expire
                .withExam(evaluation.trainer().exam().ofEveryBatch());
        Map<String, Place> ranked = new HashMap<>();
        ExamWitness witness =
                (example, byModel, byPopularity) -> ranked.put(example.id(), new Place(byModel.get(0), byPopularity));
        try (Runner runner = new Runner(evaluation, split, examined, witness)) {
            Run run = new Run(runner, witness, ranked);
            runner.run(run);
            TrainingProgress progress = runner.trainer().progress();
            return new Result(run.windows, progress.positives(), progress.refusedSteps(), progress.items());
        }
    }

    /** One evaluation. */
    private final class Run implements Score {
        private final ExamWitness witness;
        private final Map<String, Place> ranked; // by what the witness saw
        private final Map<String, CatalogueItem> unnamed = new HashMap<>(); // listed, and in no example yet
        private final Set<String> named = new HashSet<>();
        private final Set<String> seen = new HashSet<>(); // in a batch
        private final Runner runner;
        private final Trainer trainer;
        private final RecordedExamples.Reader ahead = evaluation.recorded().reader(); // of windows that are not learnt
        private final List<Window> windows = new ArrayList<>();
        private final Set<String> waiting = new HashSet<>(); // ids of queries that are in no batch yet
        private Queries queries = new Queries(settings, seen); // of the window
        private QuerySample sample = QuerySample.ALL;
        private Map<String, Averages> rankings = Map.of();

        Run(Runner runner, ExamWitness witness, Map<String, Place> ranked) {
            this.runner = runner;
            this.trainer = runner.trainer();
            this.witness = witness;
            this.ranked = ranked;
        }

        @Override
        public void begin(Split.Part part) {
            if (part.isScored()) {
                queries = new Queries(settings, seen);
                read(part, place -> true, queries::add);
                rankings = new LinkedHashMap<>();
                for (String name : List.of("frozen", "popularity, frozen", "online", "popularity, online")) {
                    rankings.put(name, new Averages());
                }
                sample = evaluation.sample(part.from(), part.end());
                waiting.clear();
                frozen(part);
            }
        }

        @Override
        public void end(Split.Part part) {
            if (part.isScored() && !runner.isStopped()) { // both rankings are of the same events
                windows.add(new Window(
                        part.name(),
                        evaluation.recorded().positives(part.from(), part.end()),
                        queries.withoutHistory,
                        queries.unseen,
                        sample.share(),
                        rankings));
            }
        }

        @Override
        public void repeat(MiniBatch batch) {
            throw new IllegalStateException("windows are learnt once");
        }

        @Override
        public void take(MiniBatch batch, Split.Part part) {
            if (part.isScored()) {
                score(batch);
            } else {
                trainer.observe(batch);
                trainer.replay(batch);
            }
            batch.examples().forEach(example -> seen.add(example.item()));
            batch.exposed().forEach(example -> seen.add(example.item()));
        }

        private void score(MiniBatch batch) {
            List<TrainingExample> asked = batch.examples().stream()
                    .filter(example -> waiting.contains(example.id()))
                    .toList();
            ranked.clear();
            rank(uncounted(batch)); // what counts is ranked by the exam
            trainer.learn(batch, !asked.isEmpty());
            for (TrainingExample example : asked) {
                add(seen.contains(example.item()) ? place(example) : Place.NOT_FOUND, "online");
                waiting.remove(example.id());
            }
        }

        /** An item's features come just before the first example that names it, or when they change later. */
        @Override
        public void fed(TrainingExample example, Split.Part part) {
            if (part.isScored() && sample.has(runner.read() - 1) && queries.asks(example)) {
                waiting.add(example.id());
            }
            if (named.add(example.item())) {
                list(example.item(), false); // the example brings it
            }
        }

        @Override
        public boolean change(RecordedExamples.Change change) {
            change.items().forEach(this::change);
            change.removedUsers().forEach(trainer::removeUser);
            return true;
        }

        private void add(Place place, String name) {
            Objects.requireNonNull(rankings.get(name)).addPlace(place.byModel());
            Objects.requireNonNull(rankings.get("popularity, " + name)).addPlace(place.byPopularity());
        }

        /** Ranks a window by the model as it is at its beginning. */
        private void frozen(Split.Part part) {
            List<TrainingExample> some = new ArrayList<>();
            read(part, sample::has, example -> {
                if (queries.asks(example)) {
                    some.add(queries.asked(example));
                }
                if (some.size() == RANKED_AT_ONCE) {
                    frozen(some);
                }
            });
            frozen(some);
        }

        private void frozen(List<TrainingExample> some) {
            ranked.clear();
            rank(some.stream()
                    .filter(query -> trainer.catalogue().contains(query.item()))
                    .toList());
            some.forEach(query -> add(place(query), "frozen"));
            some.clear();
        }

        /** Reads the examples of a window that is not learnt yet. */
        private void read(Split.Part part, IntPredicate isRead, Consumer<TrainingExample> to) {
            runner.bring(ahead);
            while (ahead.examples() < part.end() && !runner.isStopped() && ahead.advance()) {
                if (ahead.kind() == RecordedExamples.Kind.EXAMPLE && isRead.test(ahead.before())) {
                    to.accept(ahead.example());
                }
            }
        }

        private void rank(List<TrainingExample> events) {
            if (!events.isEmpty()) {
                trainer.rank(events, witness);
            }
        }

        private List<TrainingExample> uncounted(MiniBatch batch) {
            return IntStream.range(0, batch.examples().size())
                    .filter(at -> !batch.isCounted(at))
                    .mapToObj(batch.examples()::get)
                    .filter(example -> waiting.contains(example.id())
                            && !example.user().history().isEmpty()
                            && trainer.catalogue().contains(example.item()))
                    .toList();
        }

        private void change(CatalogueChange change) {
            if (change instanceof CatalogueChange.Upsert upsert) {
                unnamed.put(upsert.itemId(), upsert.item());
                if (named.contains(upsert.itemId())) {
                    list(upsert.itemId(), true);
                }
            } else {
                unnamed.remove(change.itemId());
                trainer.change(change);
            }
        }

        private void list(String name, boolean isAnnounced) {
            CatalogueItem item = unnamed.remove(name);
            if (item != null) {
                trainer.change(new CatalogueChange.Upsert(item, isAnnounced));
            }
        }

        private Place place(TrainingExample query) {
            return ranked.getOrDefault(query.id(), Place.NOT_FOUND);
        }
    }

    /** Which events of one window are queries. It keeps nothing of an event, but the id of each user's last one if only that is asked. */
    private static final class Queries {
        private final boolean drops;
        private final boolean isOfLast;
        private final Set<String> seen; // before the window
        private final Map<String, String> lastOfUser = new HashMap<>();
        private int withoutHistory;
        private int unseen;

        Queries(WindowSettings settings, Set<String> seen) {
            this.drops = settings.unseen() == WindowSettings.Unseen.DROP;
            this.isOfLast = settings.queries() == WindowSettings.Queries.LAST;
            this.seen = Set.copyOf(seen);
        }

        void add(TrainingExample example) {
            if (!example.isPositive()) {
                return;
            }
            if (asked(example).user().history().isEmpty()) {
                withoutHistory++;
                return;
            }
            unseen += seen.contains(example.item()) ? 0 : 1;
            if (isOfLast && mayBeAsked(example)) {
                lastOfUser.put(example.user().user(), example.id());
            }
        }

        boolean asks(TrainingExample example) {
            return example.isPositive()
                    && mayBeAsked(example)
                    && (!isOfLast
                            || example.id().equals(lastOfUser.get(example.user().user())));
        }

        private boolean mayBeAsked(TrainingExample example) {
            return !(drops && !seen.contains(example.item()))
                    && !asked(example).user().history().isEmpty();
        }

        /** The query of an event, as the frozen model is asked. */
        TrainingExample asked(TrainingExample example) {
            UserFeatures user = example.user();
            List<String> known = user.history().stream()
                    .filter(item -> !drops || seen.contains(item))
                    .toList();
            return known.size() == user.history().size()
                    ? example
                    : new TrainingExample(
                            example.id(),
                            new UserFeatures(user.user(), user.time(), user.features(), known),
                            example.context(),
                            example.item(),
                            example.action(),
                            example.weight(),
                            example.time(),
                            example.producedAt());
        }
    }
}
