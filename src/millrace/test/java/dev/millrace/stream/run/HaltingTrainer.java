package dev.millrace.stream.run;

import dev.millrace.app.MillraceSettings;
import dev.millrace.exam.ExamWitness;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.model.StepTimes;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.topic.InterruptedClients;
import dev.millrace.topic.Interruption;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.wire.AvroWire;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The trainer as a process of its own that ends itself, or waits, at a point: {@code main(point, occurrence, seconds to wait
 * there or 0 to end, --set, key=value, …)}.
 */
public final class HaltingTrainer {

    private static final int STOPPED_BY_ITSELF = 1;

    private HaltingTrainer() {}

    public static void main(String[] args) throws InterruptedException {
        Interruption interruption = new Interruption(
                KillPoint.valueOf(args[0]), Integer.parseInt(args[1]), Duration.ofSeconds(Long.parseLong(args[2])));
        MillraceSettings settings = settings(args, 3);
        TopicNames topics = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        StreamRunner runner = new StreamRunner(
                settings.stream(),
                settings.clients(),
                Map.of(
                        Part.ATTRIBUTE,
                        MillraceTopology.attribute(
                                topics,
                                settings.attribution(),
                                settings.attributionKept(),
                                wire,
                                topic -> settings.topics().partitions(),
                                ExperimentReference.Lookup.NONE),
                        Part.LEARN,
                        MillraceTopology.learn(
                                topics,
                                wire,
                                new MillraceTopology.Learner(
                                        stored -> new Trainer(
                                                settings.trainer(),
                                                stored,
                                                new Gradients(interruption),
                                                ExamWitness.NONE),
                                        settings.stream().maxWait(),
                                        terms(settings)))),
                settling -> new InterruptedClients(interruption, topics, settling));
        Runtime.getRuntime().addShutdownHook(new Thread(runner::close));
        runner.start();
        while (runner.isAlive()) {
            Thread.sleep(100);
        }
        System.exit(STOPPED_BY_ITSELF);
    }

    private static GenerationTerms terms(MillraceSettings settings) {
        return new GenerationTerms("test", settings.trainerTexts(), true, Duration.ofSeconds(30), () -> 0);
    }

    /** Settings of {@code --set key=value} arguments, from one of the arguments on. */
    public static MillraceSettings settings(String[] args, int from) {
        Map<String, String> given = new HashMap<>();
        for (int at = from; at < args.length; at += 2) {
            String[] keyAndValue = args[at + 1].split("=", 2);
            given.put(keyAndValue[0], keyAndValue[1]);
        }
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }

    private record Gradients(Interruption interruption) implements StepTimes {

        @Override
        public void begin() {}

        @Override
        public void lap(Phase phase) {
            if (phase == Phase.BACKWARD) {
                interruption.at(KillPoint.AFTER_GRADIENT);
            }
        }
    }
}
