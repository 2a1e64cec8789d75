package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.cli.verify.Verdict;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.Figure;
import dev.millrace.train.TrainingProgress;
import dev.millrace.verify.BatchOrigin;
import dev.millrace.verify.ItemOrigin;
import dev.millrace.verify.VectorOrigins;
import dev.millrace.verify.books.ExampleOrigin;
import dev.millrace.verify.books.RecordedAttribution;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description =
                "Show where a published vector comes from (generation, step, log record, event times, settings), where"
                        + " a training example does, the weights of the towers' fields, or those of the score.",
        footer = {
            "millrace explain --item i67 --config my.properties",
            "millrace explain --step 91 --bootstrap-server kafka:9092",
            "millrace explain --example c8127 --config my.properties",
            "millrace explain --fields --bootstrap-server kafka:9092",
            "millrace explain --mixture --bootstrap-server kafka:9092"
        })
final class ExplainCommand implements Callable<Integer> {

    private static final int UNKNOWN = 1;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(names = "--item", paramLabel = "ID", description = "explain the latest vector of this item")
    @Nullable
    String item;

    @Option(names = "--step", paramLabel = "N", description = "explain the mini-batch of this step")
    @Nullable
    Long step;

    @Option(
            names = "--example",
            paramLabel = "ID",
            description = "make the attribution again until it makes this example; show the events that make it")
    @Nullable
    String example;

    @Option(names = "--fields", description = "show the weight of each field of the towers (tower.*.senet)")
    boolean isAboutFields;

    @Option(
            names = "--mixture",
            description = "show the learned weights of the score, and the half-life of popularity that leads")
    boolean isAboutMixture;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        if (step != null && step < 1) {
            throw OptionFaults.unusable("--step", step.toString(), "must be at least 1");
        }
        long asked = Stream.of(item != null, step != null, example != null, isAboutFields, isAboutMixture)
                .filter(isAsked -> isAsked)
                .count();
        if (asked != 1) {
            throw OptionFaults.unusable(
                    "--item", "absent", "must be given, or else --step, --example, --fields or --mixture");
        }
        MillraceSettings settings = config.settings();
        if (isAboutFields) {
            return explainFields(asked(settings, VectorOrigins::progress));
        }
        if (isAboutMixture) {
            return explainMixture(asked(settings, VectorOrigins::progress));
        }
        if (example != null) {
            return explainExample(settings, example);
        }
        return item != null
                ? explainItem(asked(settings, origins -> origins.ofItem(Objects.requireNonNull(item))))
                : explainStep(asked(settings, origins -> origins.ofStep(Objects.requireNonNull(step))));
    }

    private <T> T asked(MillraceSettings settings, Function<VectorOrigins, T> question) {
        try (ProgressLine line = output.progress("read")) {
            return question.apply(new VectorOrigins(Clusters.open(settings).followedBy(line), settings.trainer()));
        }
    }

    private int explainExample(MillraceSettings settings, String id) {
        Cluster cluster = Clusters.open(settings);
        AttributionSettings attribution =
                settings.attribution(Verdict.ofAttribution(settings, cluster, output.notes()));
        try (ProgressLine line = output.progress("read");
                TopicReader log = cluster.followedBy(line).reader()) {
            return ExampleOrigin.find(id, RecordedAttribution.of(cluster, log, attribution))
                    .map(origin -> known(row(origin)))
                    .orElseGet(() -> unknown("no event makes an example " + id));
        }
    }

    private int explainFields(Optional<TrainingProgress> progress) {
        if (progress.isEmpty() || progress.get().fieldWeights().isEmpty()) {
            return unknown(
                    "no field has a weight: nothing has been learnt, or no tower weighs its fields (tower.user.senet,"
                            + " tower.item.senet)");
        }
        return known(Row.of("generation", progress.get().generation())
                .with("step", progress.get().step())
                .with("fieldWeights", progress.get().fieldWeights())); // means over the last batch that was learnt
    }

    private int explainMixture(Optional<TrainingProgress> progress) {
        Optional<TrainingProgress> learnt =
                progress.filter(known -> known.figures().containsKey(Figure.POPULARITY_HALF_LIFE.label()));
        if (learnt.isEmpty()) {
            return unknown("the score has no learned weights yet: nothing has been learnt");
        }
        Row row = Row.of("generation", learnt.get().generation())
                .with("step", learnt.get().step());
        for (Figure figure : Figure.OF_THE_MIXTURE) {
            row = row.with(figure.label(), learnt.get().figure(figure));
        }
        for (int weight = 0; weight < PriorWeights.REPEATS; weight++) {
            String place = String.valueOf(PriorWeights.firstPlace(weight));
            double learned = learnt.get().figure(Figure.REPEAT_WEIGHT, place);
            row = Double.isNaN(learned) ? row : row.with(Figure.REPEAT_WEIGHT.label(place), learned);
        }
        return known(row);
    }

    private int explainStep(Optional<BatchOrigin> batch) {
        return batch.isEmpty()
                ? unknown("step " + step + " is not in the log: it was not learnt yet, or retention deleted its record")
                : known(row(batch.get()));
    }

    private int explainItem(ItemOrigin origin) {
        return origin.accept(new ItemOrigin.Visitor<Integer>() {
            @Override
            public Integer visit(ItemOrigin.NeverPublished never) {
                return unknown("item " + never.item() + " was never published: partition " + never.topic() + "-"
                        + never.partition() + ", where its key belongs, has no record of it");
            }

            @Override
            public Integer visit(ItemOrigin.Removed removed) {
                return unknown("item " + removed.item() + " was removed: tombstone at offset " + removed.offset()
                        + " of " + removed.topic() + "-" + removed.partition());
            }

            @Override
            public Integer visit(ItemOrigin.Vector vector) {
                return known(row(vector));
            }
        });
    }

    private int known(Row found) {
        output.write(found);
        return 0;
    }

    private int unknown(String message) {
        output.err().println(message);
        output.err().flush();
        return UNKNOWN;
    }

    private static Row row(ItemOrigin.Vector found) {
        return Row.of("item", found.embedding().item())
                .with("topic", found.topic())
                .with("partition", found.partition())
                .with("offset", found.offset())
                .with("generation", found.embedding().generation())
                .with("settingsHash", found.settingsHash()) // of the model settings of this command
                .with("isOfTheseSettings", found.isOfTheseSettings())
                .with("step", found.embedding().step())
                .with("eventTime", time(found.embedding().eventTime()))
                .with("batch", found.batch().map(ExplainCommand::row))
                .with(
                        "roles",
                        found.roles().stream().map(BatchOrigin.Role::words).toList())
                .with("changedAtStep", found.change().map(BatchOrigin::step))
                .with("published", reason(found));
    }

    private static String reason(ItemOrigin.Vector found) {
        if (found.change().isEmpty()) {
            return "to keep the vector within its age bound";
        }
        long changed = found.change().get().step();
        return changed == found.embedding().step()
                ? "because this batch has the item as a positive or changes it"
                : "because the batch of step " + changed
                        + ", in the same commit, has the item as a positive or changes it; or to keep the vector within"
                        + " its age bound";
    }

    private static Row row(ExampleOrigin origin) {
        TrainingExample made = origin.example();
        return Row.of("example", made.id())
                .with("madeBy", origin.event())
                .with("commit", origin.commit())
                .with("committedAt", origin.clock())
                .with("user", made.user().user())
                .with("userTime", time(made.user().time()))
                .with("userFeatures", made.user().features().values().toString())
                .with("history", made.user().history())
                .with("context", made.context().values().toString())
                .with("item", made.item())
                .with("action", made.action())
                .with("weight", made.weight())
                .with("isClicked", made.isPositive())
                .with("time", time(made.time()));
    }

    private static Row row(BatchOrigin batch) {
        return Row.of("step", batch.step())
                .with("topic", batch.topic())
                .with("partition", batch.partition())
                .with("offset", batch.offset())
                .with("examples", batch.examples())
                .with("rehearsed", batch.rehearsed())
                .with("negatives", batch.negatives())
                .with("catalogueChanges", batch.catalogueChanges())
                .with("firstEventTime", batch.eventTimes().flatMap(times -> time(times.first())))
                .with("lastEventTime", batch.eventTimes().flatMap(times -> time(times.last())));
    }

    private static Optional<Instant> time(long millis) {
        return Optional.of(millis).filter(known -> known != 0).map(Instant::ofEpochMilli);
    }
}
