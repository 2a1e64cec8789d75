package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.exam.Youth;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import dev.millrace.train.TrainingProgress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Test, then learn: the model ranks each event of the second part before it learns the batch of the event, or a block of batches.
 *
 * <p>The examples go through {@link Trainer}, as in the stream. It makes other batches of them, unless it is to learn those of a log.
 */
public final class Prequential {

    /**
     * Rankings of the same events.
     *
     * @param byModel by the weights of the settings, then by each of the other weights
     * @param popularity by decayed popularity
     * @param itemNeighbours by item-kNN; nothing scored if that was not asked for
     */
    public record Ranked(List<RankingTotals> byModel, RankingTotals popularity, RankingTotals itemNeighbours) {

        static final Ranked NONE = new Ranked(List.of(RankingTotals.NONE), RankingTotals.NONE, RankingTotals.NONE);

        public Ranked {
            byModel = List.copyOf(byModel);
        }

        public RankingTotals model() {
            return byModel.get(0);
        }

        private Ranked plus(List<Double> places, double popular, Optional<Double> neighbours) {
            return new Ranked(
                    IntStream.range(0, places.size())
                            .mapToObj(at ->
                                    (at < byModel.size() ? byModel.get(at) : RankingTotals.NONE).plus(places.get(at)))
                            .toList(),
                    popularity.plus(popular),
                    neighbours.map(itemNeighbours::plus).orElse(itemNeighbours));
        }
    }

    /**
     * The result of an evaluation.
     *
     * @param all events of the scored part
     * @param byAction the same events by action
     * @param young those of them whose item was young, by how young
     * @param stale what copies of the asked ages found; empty if none was asked
     * @param withoutHistory events of the ranked batches whose users have no earlier click; they are not scored
     * @param share of the scored part that was ranked
     * @param positives clicked examples used
     * @param learnt examples learnt, each pass counted
     * @param refusedSteps batches that were refused because they would have harmed the model
     * @param items in the catalogue at the end
     */
    public record Result(
            Ranked all,
            SortedMap<String, Ranked> byAction,
            Map<Youth, Ranked> young,
            List<StaleCopies.Row> stale,
            long withoutHistory,
            double share,
            int positives,
            long learnt,
            long refusedSteps,
            int items) {}

    /** How the model behaves in the scored part. */
    public enum Mode {
        /** It goes on learning. */
        ONLINE,
        /** It stays as it was at the end of the warm-up. */
        FROZEN,
        /**
         * It goes on learning, from the batches of a log as they are, and is examined when the learner of the log was. Under the settings of that
         * learner each event has the rank that it had there. The log must have its first step; there is one pass.
         */
        LOGGED
    }

    private final Evaluation evaluation;
    private final long mixtureClicks;
    private final List<StaleCopies.Age> ages;

    public Prequential(Evaluation evaluation) {
        this(evaluation, Long.MAX_VALUE, List.of());
    }

    /**
     * @param mixtureClicks clicks learnt after which the mixture's weights stay as they are
     * @param ages of frozen copies that rank the same events, if any
     */
    public Prequential(Evaluation evaluation, long mixtureClicks, List<StaleCopies.Age> ages) {
        this.evaluation = evaluation;
        this.mixtureClicks = mixtureClicks;
        this.ages = List.copyOf(ages);
    }

    /**
     * Trains a new model and scores it, over all events so far.
     *
     * @param hasNeighbours whether item-kNN is scored on the same events
     * @param witness receives each event of the scored part
     */
    public Result run(Mode mode, boolean hasNeighbours, ExamWitness witness) {
        boolean isLogged = mode == Mode.LOGGED;
        TrainerSettings given = evaluation.trainer();
        TrainerSettings settings =
                isLogged ? given : given.withExam(given.exam().ofEveryBatch());
        Split split = isLogged ? Split.byShare(evaluation).ofBatches() : Split.byShare(evaluation);
        long begin = timeOf(split.parts().get(1).from());
        try (StaleCopies stale = new StaleCopies(ages, settings, begin, split.passes() == 1)) {
            Tally tally =
                    new Tally(hasNeighbours ? Optional.of(new ItemNeighbours()) : Optional.empty(), stale, witness);
            try (Runner runner = new Runner(evaluation, split, settings, tally)) {
                Run run = new Run(mode, split.parts().get(1), tally, runner);
                runner.run(run);
                return run.result();
            }
        }
    }

    /** Returns the event time of an example; {@link Long#MAX_VALUE} behind the last one. */
    private long timeOf(int example) {
        long[] found = {Long.MAX_VALUE};
        if (!ages.isEmpty()) {
            evaluation.recorded().readTimes(example + 1, (at, time) -> found[0] = at == example ? time : found[0]);
        }
        return found[0];
    }

    /**
     * One evaluation. Blocks of as many clicks as the settings say, or a few more, as no batch is divided, are ranked before any of them is learnt, as one
     * batch would be, after its changes of the catalogue.
     */
    private final class Run implements Score {
        private final Mode mode;
        private final QuerySample sample;
        private final boolean isTeaching;
        private final Tally tally;
        private final Runner runner;
        private final Trainer trainer;
        private final List<MiniBatch> block = new ArrayList<>();
        private final List<MiniBatch> ranked = new ArrayList<>(); // those of the sample
        private int clicks; // of the block
        private long withoutHistory; // in blocks
        private ExamTotals before = ExamTotals.NONE; // the scored part

        Run(Mode mode, Split.Part scored, Tally tally, Runner runner) {
            this.mode = mode;
            this.sample = mode == Mode.LOGGED ? QuerySample.ALL : evaluation.sample(scored.from(), scored.end());
            // the second time, what the mixture learns of a batch would teach it to trust the towers
            this.isTeaching = mode == Mode.LOGGED
                    || (evaluation.shares().passes() == 1
                            && !evaluation.trainer().exam().weights().areAll());
            this.tally = tally;
            this.runner = runner;
            this.trainer = runner.trainer();
        }

        @Override
        public void repeat(MiniBatch batch) {
            tally.list(batch, trainer);
            trainer.learnUnexamined(batch);
        }

        @Override
        public void begin(Split.Part part) {
            if (part.isScored()) {
                before = trainer.progress().exam();
                tally.isScoring = true;
            }
        }

        @Override
        public void take(MiniBatch batch, Split.Part part) {
            tally.list(batch, trainer);
            boolean isRanked = mode == Mode.LOGGED || (part.isScored() && sample.has(runner.read()));
            if (part.isScored() && evaluation.shares().learnEvery() > 1) {
                block.add(batch);
                if (isRanked) {
                    ranked.add(batch);
                }
                clicks += batch.examples().size();
                if (clicks >= evaluation.shares().learnEvery()) {
                    end(part);
                }
            } else {
                learn(batch, isRanked);
            }
        }

        private void learn(MiniBatch batch, boolean isRanked) {
            if (tally.isScoring && mode == Mode.FROZEN) {
                trainer.passBy(batch, isRanked);
            } else if (tally.isScoring || isTeaching) {
                if (trainer.positives() >= mixtureClicks) {
                    trainer.keepMixture();
                }
                trainer.learn(batch, isRanked);
            } else {
                trainer.observe(batch);
                trainer.learnUnexamined(batch);
            }
            tally.observe(batch);
        }

        /** Ranks the open block, then learns it. */
        @Override
        public void end(Split.Part part) {
            List<TrainingExample> events = answerable();
            if (!events.isEmpty()) {
                trainer.rank(events, tally);
            }
            withoutHistory += ranked.stream()
                    .flatMap(batch -> batch.counted().stream())
                    .filter(example -> example.user().history().isEmpty())
                    .count();
            block.forEach(batch -> learn(batch, false));
            block.clear();
            ranked.clear();
            clicks = 0;
        }

        /** Returns the events that an answer could have been right for, without those of items that only an example of the block named. */
        private List<TrainingExample> answerable() {
            Set<String> named = block.stream()
                    .flatMap(batch -> batch.catalogue().stream())
                    .filter(change -> !change.isRemoval() && !change.isAnnounced())
                    .map(CatalogueChange::itemId)
                    .collect(Collectors.toSet());
            return ranked.stream()
                    .flatMap(batch -> trainer.answerable(batch).stream())
                    .filter(example -> !named.contains(example.item()))
                    .toList();
        }

        Result result() {
            int used = evaluation.used();
            TrainingProgress progress = trainer.progress();
            return new Result(
                    tally.all,
                    tally.byAction,
                    tally.young,
                    tally.stale.rows(),
                    withoutHistory + progress.exam().minus(before).withoutHistory(),
                    sample.share(),
                    evaluation.recorded().positives(0, used),
                    progress.positives(),
                    progress.refusedSteps(),
                    progress.items());
        }
    }

    /** Adds each ranked event to the totals of its action and its item's youth, and ranks it by item-kNN too if that is wanted. */
    private static final class Tally implements ExamWitness {
        private final Optional<ItemNeighbours> neighbours;
        private final StaleCopies stale;
        private final ExamWitness witness;
        private final SortedMap<String, Ranked> byAction = new TreeMap<>();
        private final Map<Youth, Ranked> young = new EnumMap<>(Youth.class);
        private final Map<String, Long> since = new HashMap<>(); // of each item, when it was first there
        private final Map<String, Integer> events = new HashMap<>(); // of each item
        private Ranked all = Ranked.NONE;
        private boolean isScoring;

        Tally(Optional<ItemNeighbours> neighbours, StaleCopies stale, ExamWitness witness) {
            this.neighbours = neighbours;
            this.stale = stale;
            this.witness = witness;
        }

        void list(MiniBatch batch, Trainer trainer) {
            stale.take(batch, trainer);
            neighbours.ifPresent(counted -> batch.catalogue().forEach(counted::change));
            for (CatalogueChange change : batch.catalogue()) {
                if (change instanceof CatalogueChange.Upsert upsert) {
                    since.putIfAbsent(upsert.itemId(), upsert.item().time());
                } else {
                    since.remove(change.itemId());
                }
            }
        }

        void observe(MiniBatch batch) {
            stale.rank(batch);
            batch.examples().forEach(each -> events.merge(each.item(), 1, Integer::sum));
            neighbours.ifPresent(counted ->
                    batch.examples().forEach(each -> counted.observe(each.user().user(), each.item())));
        }

        @Override
        public void ranked(TrainingExample example, List<Double> byModel, double byPopularity) {
            if (!isScoring) {
                return;
            }
            witness.ranked(example, byModel, byPopularity);
            stale.ranked(example, byModel.get(0), byPopularity);
            Optional<Double> place = neighbours.map(
                    counted -> counted.place(example.item(), example.user().history()));
            all = all.plus(byModel, byPopularity, place);
            Ranked before = byAction.getOrDefault(example.action(), Ranked.NONE);
            byAction.put(example.action(), before.plus(byModel, byPopularity, place));
            long age = example.time() - since.getOrDefault(example.item(), Long.MIN_VALUE / 2);
            for (Youth youth : Youth.of(age, events.getOrDefault(example.item(), 0))) {
                Ranked soFar = young.getOrDefault(youth, Ranked.NONE);
                young.put(youth, soFar.plus(byModel, byPopularity, place));
            }
        }
    }
}
