package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.Uplift;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.ProgressLog;
import dev.millrace.wire.PartProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An experiment of two generations, in processes of their own: killed in between, decided once, and counted exactly. */
@Tag("fault")
@Tag("slow")
class ExperimentIT {

    private static final int EVENTS = 2_000;
    private static final int USERS = 3_000;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    /** A log that is replayed is of another date than the orders. */
    private static final Duration AGO = Duration.ofDays(30);

    private static final List<String> SHADOW = List.of(
            "tower.dim=16",
            "features.user.history.dim=16",
            "stream.application-id=shadow",
            "stream.state-directory=shadow-state",
            "train.http.port=-1",
            "stream.from-log.publish=true");
    private static final List<String> LIVE = List.of("train.http.port=-1");

    @Test
    void killedExperimentsAreDecidedOnceAndCountedExactly(@TempDir Path directory) throws Exception {
        try (ProgramCluster programs = new ProgramCluster(directory)) {
            programs.run("topics", "create");
            MillraceProcess trainer = programs.start(LIVE, "train");
            HttpProbe recall = new HttpProbe(
                    programs.start(List.of("serve.port=0"), "serve").awaitOutput("recall API (\\S+)"));
            programs.run(GeneratedShop.replay(EVENTS));
            programs.start(SHADOW, "train", "--from", "mini-batches");
            await().atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() -> complete(recall).size() == 2);
            String live = recall.readiness().path("generation").asText();
            String other = complete(recall).stream()
                    .filter(name -> !name.equals(live))
                    .findFirst()
                    .orElseThrow();
            Cluster cluster = programs.settings().cluster().withPatience(PATIENCE);

            try (Visitors visitors = new Visitors(cluster)) {
                String[] start = {
                    "experiment", "start", "first", "--arms", live + "," + other, "--ramp", "10,50", "--every", "3s"
                };
                programs.run(start);
                visitors.clickAsIn(latest(cluster), 1);
                eachUserIsAnsweredByItsArm(recall, latest(cluster));

                MillraceProcess decider = programs.start("experiment", "decide", "--interval", "200ms");
                await().atMost(PATIENCE).until(() -> latest(cluster).stage() == 1);
                decider.kill();
                trainer.kill();
                visitors.clickAsIn(latest(cluster), 2);
                programs.start(LIVE, "train");

                // the counts say what is better, and nobody who would decide is there
                await().atMost(PATIENCE).until(() -> uplift(cluster).lower() > 0);
                assertThat(latest(cluster).isRunning()).isTrue();
                List<MillraceProcess> both = new ArrayList<>();
                for (int at = 0; at < 2; at++) {
                    both.add(programs.start("experiment", "decide", "--interval", "200ms"));
                }
                for (MillraceProcess one : both) {
                    assertThat(one.awaitExit(PATIENCE)).as(one.output()).isZero();
                }
                assertThat(result(cluster)).contains(Result.PROMOTED);
                assertThat(GenerationAdmin.history(cluster).answering()).contains(other);
                assertThat(steps(cluster, "first")).isEqualTo(List.of("10.0 %", "50.0 %", "promoted"));
                await().atMost(PATIENCE)
                        .until(() ->
                                recall.readiness().path("generation").asText().equals(other));
                countsAreThoseOfTheLog(programs);

                aWorseTreatmentIsTakenBack(programs, cluster, recall, visitors, other, live);
            }
            countsAreThoseOfTheLog(programs);
        }
    }

    private static void aWorseTreatmentIsTakenBack(
            ProgramCluster programs,
            Cluster cluster,
            HttpProbe recall,
            Visitors visitors,
            String control,
            String treatment)
            throws Exception {
        programs.run("experiment", "start", "second", "--arms", control + "=50," + treatment + "=50");
        visitors.clickAsIn(latest(cluster), 0.1);
        String treated = users(latest(cluster), Arm.TREATMENT).findFirst().orElseThrow();
        await().atMost(PATIENCE).until(() -> generation(recall, treated).equals(treatment));

        MillraceProcess decider = programs.start("experiment", "decide", "--interval", "200ms");
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(20)).until(() -> generation(recall, treated)
                .equals(control));
        long answered = System.currentTimeMillis();

        assertThat(decider.awaitExit(PATIENCE)).as(decider.output()).isZero();
        assertThat(result(cluster)).contains(Result.ROLLED_BACK);
        long ordered = latest(cluster).end().orElseThrow().at();
        System.out.println("rolled back " + (answered - ordered) + " ms after the order");
    }

    private static void eachUserIsAnsweredByItsArm(HttpProbe recall, Experiment experiment) throws Exception {
        for (Arm arm : List.of(Arm.TREATMENT, Arm.CONTROL)) { // the treatment shows when the server follows
            for (String user : users(experiment, arm).limit(20).toList()) {
                await().atMost(PATIENCE).until(() -> generation(recall, user).equals(experiment.generation(arm)));
                JsonNode answer = recall.fetch("/v1/recall?k=3&user=" + user);
                assertThat(answer.at("/experiment/name").asText()).isEqualTo("first");
                assertThat(answer.at("/experiment/arm").asText()).isEqualTo(arm.label());
            }
        }
    }

    /** The sums that the attribution gave are those of the topics, to the product. */
    private static void countsAreThoseOfTheLog(ProgramCluster programs) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        programs.run("verify", "--counts", "--set", "stream.application-id=millrace"))
                .containsPattern("experiment-0 +treatment/0/goals +[1-9]")
                .doesNotContain("may count or not"));
    }

    /** The steps of an experiment that were ordered and not taken back, as the audit log has them. */
    private static List<String> steps(Cluster cluster, String name) {
        List<String> steps = new ArrayList<>();
        for (OperatorAction entry : OperatorLog.entries(cluster)) {
            if (entry.kind() == OperatorAction.Kind.EXPERIMENT && entry.target().equals(name)) {
                if (entry.result() == OperatorAction.Result.ACCEPTED) {
                    steps.add(entry.detail()
                            .replaceFirst("^.* for (\\S+ %) .*", "$1")
                            .replaceFirst(":.*", ""));
                } else if (entry.result() == OperatorAction.Result.FAILED) {
                    steps.remove(steps.size() - 1); // another order came first
                }
            }
        }
        return steps;
    }

    private static Experiment latest(Cluster cluster) {
        return GenerationAdmin.history(cluster).latestExperiment().orElseThrow();
    }

    private static Optional<Result> result(Cluster cluster) {
        return latest(cluster).end().map(Experiment.End::result);
    }

    private static ExperimentSums sums(Cluster cluster) {
        return PartProgress.Counted.sums(
                latest(cluster), new ProgressLog(cluster).latest().values());
    }

    private static Uplift uplift(Cluster cluster) {
        return Uplift.of(sums(cluster), latest(cluster).plan());
    }

    private static String generation(HttpProbe recall, String user) throws Exception {
        return recall.fetch("/v1/recall?k=3&user=" + user).path("generation").asText();
    }

    private static List<String> complete(HttpProbe recall) throws Exception {
        List<String> names = new ArrayList<>();
        recall.readiness().path("generations").forEach(each -> {
            if (each.path("complete").asBoolean()) {
                names.add(each.path("generation").asText());
            }
        });
        return names;
    }

    private static Stream<String> users(Experiment experiment, Arm arm) {
        return IntStream.range(0, USERS).mapToObj(at -> "x" + at).filter(user -> experiment.arm(user) == arm);
    }

    /** Users who see an item every few milliseconds, and click a fifth of them; in the treatment more, or less. */
    private static final class Visitors implements AutoCloseable {

        private static final double RATE = 0.2;
        private static final int A_ROUND = 10;
        private static final long ROUND_MILLIS = 25;

        private final EventProducer producer;
        private final Thread thread = new Thread(this::visit, "visitors");
        private volatile Optional<Experiment> experiment = Optional.empty();
        private volatile double factor = 1;
        private volatile boolean isOpen = true;

        Visitors(Cluster cluster) {
            producer = cluster.producer();
            thread.start();
        }

        void clickAsIn(Experiment now, double inTreatment) {
            factor = inTreatment;
            experiment = Optional.of(now);
        }

        private void visit() {
            Random random = new Random(1);
            List<String> items = List.copyOf(GeneratedShop.of(EVENTS).items());
            for (int number = 0; isOpen; number++) {
                long now = System.currentTimeMillis();
                String user = "x" + random.nextInt(USERS);
                String item = items.get(random.nextInt(items.size()));
                String id = "visit-" + number;
                long time = now - AGO.toMillis();
                producer.send(new Exposure(id, user, item, time, now, Features.NONE));
                boolean isTreated =
                        experiment.filter(one -> one.arm(user) == Arm.TREATMENT).isPresent();
                if (random.nextDouble() < RATE * (isTreated ? factor : 1)) {
                    producer.send(
                            new Click("c" + id, user, item, Optional.of(id), "click", 1, time + 1, now, Features.NONE));
                }
                if (number % A_ROUND == 0) {
                    LockSupport.parkNanos(Duration.ofMillis(ROUND_MILLIS).toNanos());
                }
            }
            producer.flush();
        }

        @Override
        public void close() throws InterruptedException {
            isOpen = false;
            thread.join();
            producer.close();
        }
    }
}
