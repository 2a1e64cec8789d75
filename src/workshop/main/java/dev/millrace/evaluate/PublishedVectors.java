package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.publish.PublicationPlan;
import dev.millrace.publish.PublishSettings;
import dev.millrace.train.StepOutcome;
import dev.millrace.train.Trainer;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
        try (Runner runner =
                new Runner(evaluation, Split.byShare(evaluation), evaluation.trainer(), ExamWitness.NONE)) {
            Trials trials = new Trials(policies, everySteps, runner);
            runner.run(trials);
            return trials.all.stream().map(Trial::result).toList();
        }
    }

    /** All policies, beside one training. */
    private static final class Trials implements Score {
        private final Runner runner;
        private final Trainer trainer;
        private final List<Policy> policies;
        private final int everySteps;
        private List<Trial> all = List.of(); // in the scored part

        Trials(List<Policy> policies, int everySteps, Runner runner) {
            this.policies = policies;
            this.everySteps = everySteps;
            this.runner = runner;
            this.trainer = runner.trainer();
            trainer.model().keepMoves();
        }

        @Override
        public void repeat(MiniBatch batch) {
            trainer.learnUnexamined(batch);
        }

        @Override
        public void begin(Split.Part part) {
            if (part.isScored()) {
                Map<String, float[]> current = runner.vectors();
                all = policies.stream()
                        .map(policy -> new Trial(policy, trainer))
                        .toList();
                all.forEach(trial -> trial.begin(current, trainer.step()));
            }
        }

        @Override
        public void take(MiniBatch batch, Split.Part part) {
            if (!part.isScored()) {
                repeat(batch);
                return;
            }
            rank(trainer.answerable(batch));
            StepOutcome outcome = trainer.learnUnexamined(batch);
            Map<String, float[]> current = runner.vectors();
            all.forEach(trial -> trial.step(batch, outcome, current, everySteps));
        }

        private void rank(List<TrainingExample> scored) {
            List<float[]> queries = scored.isEmpty() ? List.of() : runner.queries(scored);
            for (int at = 0; at < scored.size(); at++) {
                float[] query = queries.get(at);
                String item = scored.get(at).item();
                Set<String> had = new HashSet<>(scored.get(at).user().history());
                had.remove(item);
                all.forEach(trial -> trial.rank(query, item, had));
            }
        }
    }

    /** One policy, its index and its totals. */
    private static final class Trial {
        private final Policy policy;
        private final Trainer trainer;
        private final PublicationPlan plan;
        private final VectorIndex index;
        private RankingTotals ranks = RankingTotals.NONE;
        private long vectors;
        private int steps;
        private double ages;
        private long maxAge;
        private double cosines;

        Trial(Policy policy, Trainer trainer) {
            this.policy = policy;
            this.trainer = trainer;
            this.plan = new PublicationPlan(policy.settings(), 'P', trainer.catalogue());
            this.index = new VectorIndex(trainer.dim());
        }

        void begin(Map<String, float[]> current, long step) {
            plan.stepped(MiniBatch.empty(step));
            publish(current.keySet(), current);
            vectors = plan.vectors();
        }

        void step(MiniBatch batch, StepOutcome outcome, Map<String, float[]> current, int everySteps) {
            plan.stepped(batch);
            if (outcome.refusal().isPresent()) {
                plan.refused(batch);
            } else {
                plan.learnt(batch);
                plan.moved(trainer.model().moved());
            }
            steps++;
            if (steps % everySteps == 0) {
                publish(
                        plan.due().keySet().stream()
                                .filter(current::containsKey)
                                .toList(),
                        current);
            }
            // the age of the vectors that rank the next batch
            ages += plan.age().meanSteps() + (steps % everySteps);
            maxAge = Math.max(maxAge, plan.age().maxSteps() + steps % everySteps);
            cosines += meanCosine(current);
        }

        void rank(float[] query, String item, Set<String> had) {
            int place = index.best(query, FOUND, had).indexOf(item);
            ranks = ranks.plus(place < 0 ? FOUND + 1 : place + 1);
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

        private void publish(Collection<String> items, Map<String, float[]> current) {
            items.forEach(item -> index.put(item, Objects.requireNonNull(current.get(item))));
            plan.published(items.stream()
                    .flatMapToInt(item -> trainer.catalogue().number(item).stream())
                    .toArray());
        }

        private double meanCosine(Map<String, float[]> current) {
            double[] sum = new double[1];
            current.forEach((item, now) -> {
                float[] then = index.vector(item).orElse(new float[now.length]);
                for (int d = 0; d < now.length; d++) {
                    sum[0] += (double) now[d] * then[d];
                }
            });
            return sum[0] / Math.max(1, current.size());
        }
    }
}
