package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.Features;
import dev.millrace.exam.RankingTotals;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublicationPlan;
import dev.millrace.publish.PublishSettings;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Test, then learn, with published vectors: compares policies of publication by what an index finds.
 *
 * <p>All policies share one training, since none of them changes a weight. Each policy has its own {@link PublicationPlan}, as in the stream, and its own
 * {@link ItemIndex}. It publishes at a fixed interval of steps. The current model encodes the users. Each policy publishes all vectors once at the start of the
 * scored part.
 */
public final class PublishedVectors {

    /**
     * A policy of publication.
     *
     * @param name of the row
     */
    public record Policy(String name, PublishSettings settings) {}

    /**
     * The result of one policy.
     *
     * @param ranks of the scored events by the published vectors
     * @param vectorsAStep mean number of vectors published a step
     * @param meanAge mean age of the vectors at the ranking of events, learning steps
     * @param maxAge age of the oldest vector at a ranking, learning steps
     * @param meanCosine mean cosine of the published and the current vectors at a ranking
     */
    public record Result(
            String name, RankingTotals ranks, double vectorsAStep, double meanAge, long maxAge, double meanCosine) {}

    private static final int FOUND = 100;

    private final Evaluation evaluation;

    public PublishedVectors(Evaluation evaluation) {
        this.evaluation = evaluation;
    }

    /** @param everySteps steps from one publication to the next */
    public List<Result> run(List<Policy> policies, int everySteps) {
        try (Trainer trainer = new Trainer(evaluation.trainer())) {
            return run(policies, everySteps, trainer);
        }
    }

    private List<Result> run(List<Policy> policies, int everySteps, Trainer trainer) {
        trainer.model().keepMoves();
        PrequentialSettings shares = evaluation.shares();
        int used = (int) Math.round(evaluation.recorded().size() * shares.first());
        int scoredFrom = (int) Math.round(used * shares.warmUp());
        Passes passes = new Passes(evaluation, trainer, Passes.first(scoredFrom), used);
        passes.begin(trainer::learnUnexamined);
        passes.feed(scoredFrom, trainer::learnUnexamined);

        List<Trial> trials =
                policies.stream().map(policy -> new Trial(policy, trainer)).toList();
        Current current = new Current(trainer);
        trials.forEach(trial -> trial.begin(current, trainer.step()));
        passes.feed(used, batch -> {
            rank(batch, trainer, trials);
            StepOutcome outcome = trainer.learnUnexamined(batch);
            current.refresh();
            trials.forEach(trial -> trial.step(batch, outcome, trainer, current, everySteps));
        });
        return trials.stream().map(Trial::result).toList();
    }

    private static void rank(MiniBatch batch, Trainer trainer, List<Trial> trials) {
        List<TrainingExample> scored = trainer.answerable(batch);
        if (scored.isEmpty()) {
            return;
        }
        List<UserFeatures> users = scored.stream().map(TrainingExample::user).toList();
        List<Features> contexts = scored.stream().map(TrainingExample::context).toList();
        float[] queries = new float[scored.size() * trainer.dim()];
        trainer.userVectors(users, contexts, queries);
        for (int at = 0; at < scored.size(); at++) {
            float[] query = Arrays.copyOfRange(queries, at * trainer.dim(), (at + 1) * trainer.dim());
            Set<String> had = new HashSet<>(users.get(at).history());
            had.remove(scored.get(at).item());
            for (Trial trial : trials) {
                trial.rank(query, scored.get(at).item(), had);
            }
        }
    }

    /** The current vectors of all items. */
    private static final class Current {
        private final Trainer trainer;
        private List<String> items = List.of();
        private final Map<String, float[]> vectors = new HashMap<>();

        Current(Trainer trainer) {
            this.trainer = trainer;
            refresh();
        }

        void refresh() {
            items = trainer.items();
            int dim = trainer.dim();
            float[] all = new float[items.size() * dim];
            trainer.vectors(items, all);
            for (int at = 0; at < items.size(); at++) {
                vectors.put(items.get(at), Arrays.copyOfRange(all, at * dim, (at + 1) * dim));
            }
        }

        float[] vector(String item) {
            return vectors.getOrDefault(item, new float[0]);
        }
    }

    /** One policy, its index and its totals. */
    private static final class Trial {
        private final Policy policy;
        private final Catalogue catalogue;
        private final PublicationPlan plan;
        private final ItemIndex index;
        private RankingTotals ranks = RankingTotals.NONE;
        private long vectors;
        private int steps;
        private double ages;
        private long maxAge;
        private double cosines;

        Trial(Policy policy, Trainer trainer) {
            this.policy = policy;
            this.catalogue = trainer.catalogue();
            this.plan = new PublicationPlan(policy.settings(), 'P', catalogue);
            this.index = new ItemIndex(trainer.dim());
        }

        void begin(Current current, long step) {
            plan.stepped(MiniBatch.empty(step));
            publish(current.items, current);
            vectors = plan.vectors();
        }

        void step(MiniBatch batch, StepOutcome outcome, Trainer trainer, Current current, int everySteps) {
            plan.stepped(batch);
            if (outcome.refusal().isPresent()) {
                plan.refused(batch);
            } else {
                plan.learnt(batch);
                plan.moved(trainer.model().moved());
            }
            steps++;
            if (steps % everySteps == 0) {
                List<String> due = plan.due().keySet().stream()
                        .filter(trainer.catalogue()::contains)
                        .toList();
                publish(due, current);
            }
            // the age of the vectors that rank the next batch
            ages += plan.age().meanSteps() + (steps % everySteps);
            maxAge = Math.max(maxAge, plan.age().maxSteps() + steps % everySteps);
            cosines += meanCosine(current);
        }

        void rank(float[] query, String item, Set<String> had) {
            List<String> found = index.search(new Search(query, FOUND, had::contains)).stream()
                    .map(ScoredItem::item)
                    .toList();
            int place = found.contains(item) ? found.indexOf(item) + 1 : FOUND + 1;
            ranks = ranks.plus(place);
        }

        Result result() {
            int counted = Math.max(1, steps);
            return new Result(
                    policy.name(),
                    ranks,
                    (double) (plan.vectors() - vectors) / counted,
                    ages / counted,
                    maxAge,
                    cosines / counted);
        }

        private void publish(List<String> items, Current current) {
            for (String item : items) {
                index.upsert(new ItemEmbedding(item, Optional.of(current.vector(item)), "", 0, 0, 0), 0);
            }
            plan.published(items.stream()
                    .flatMapToInt(item -> catalogue.number(item).stream())
                    .toArray());
        }

        private double meanCosine(Current current) {
            double sum = 0;
            for (String item : current.items) {
                float[] now = current.vector(item);
                float[] then = index.vector(item).orElse(new float[now.length]);
                for (int d = 0; d < now.length; d++) {
                    sum += (double) now[d] * then[d];
                }
            }
            return sum / Math.max(1, current.items.size());
        }
    }
}
