package dev.millrace.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.train.TrainingProgress;
import dev.millrace.verify.BatchOrigin;
import dev.millrace.verify.ItemOrigin;
import dev.millrace.verify.VectorOrigins;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description =
                "Show where a published vector comes from: generation, step, record of the log, event times, settings; or the weights of the towers' fields.",
        footer = {
            "millrace explain --item i67 --config my.properties",
            "millrace explain --step 91 --bootstrap-server kafka:9092",
            "millrace explain --fields --bootstrap-server kafka:9092"
        })
final class ExplainCommand implements Callable<Integer> {

    private static final int UNKNOWN = 1;

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(names = "--item", paramLabel = "ID", description = "explain the latest vector of this item")
    @Nullable
    String item;

    @Option(names = "--step", paramLabel = "N", description = "explain the mini-batch of this step")
    @Nullable
    Long step;

    @Option(names = "--fields", description = "show the weight of each field of the towers (tower.*.senet)")
    boolean isAboutFields;

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        OptionFaults.requireAtLeastOne("--step", step == null ? 1 : step);
        long asked = Stream.of(item != null, step != null, isAboutFields)
                .filter(isAsked -> isAsked)
                .count();
        if (asked != 1) {
            throw OptionFaults.unusable("--item", "absent", "must be given, or else --step or --fields");
        }
        MillraceSettings settings = config.settings();
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        try {
            if (isAboutFields) {
                return explainFields(asked(settings, VectorOrigins::progress), out);
            }
            return item != null
                    ? explainItem(asked(settings, origins -> origins.ofItem(Objects.requireNonNull(item))), out)
                    : explainStep(asked(settings, origins -> origins.ofStep(Objects.requireNonNull(step))), out);
        } finally {
            out.flush();
        }
    }

    private <T> T asked(MillraceSettings settings, Function<VectorOrigins, T> question) {
        try (ProgressLine line = progress.line("read")) {
            return question.apply(new VectorOrigins(Clusters.open(settings).followedBy(line), settings.trainer()));
        }
    }

    private int explainFields(Optional<TrainingProgress> progress, PrintWriter out) {
        if (progress.isEmpty() || progress.get().fieldWeights().isEmpty()) {
            return unknown("no field has a weight: nothing was learnt yet, or no tower weighs its fields"
                    + " (tower.user.senet, tower.item.senet)");
        }
        SortedMap<String, Double> weights = progress.get().fieldWeights();
        String generation = progress.get().generation();
        long at = progress.get().step();
        output.write(out, Map.of("generation", generation, "step", at, "fieldWeights", weights), () -> {
            out.println("generation  " + generation);
            out.println("step        " + at + "; weights are means over the last batch that was learnt");
            weights.forEach((field, weight) -> out.printf(Locale.ROOT, "%8.4f    %s%n", weight, field));
        });
        return 0;
    }

    private int explainStep(Optional<BatchOrigin> batch, PrintWriter out) {
        if (batch.isEmpty()) {
            return unknown(
                    "step " + step + " is not in the log: it was not learnt yet, or retention deleted its record");
        }
        output.write(out, json(batch.get()), () -> print(batch.get(), out));
        return 0;
    }

    private int explainItem(ItemOrigin origin, PrintWriter out) {
        return origin.accept(new ItemOrigin.Visitor<Integer>() {
            @Override
            public Integer visit(ItemOrigin.NeverPublished never) {
                return unknown("item " + never.item() + " was never published: " + never.topic() + "-"
                        + never.partition() + ", the partition of its key, has no record of it");
            }

            @Override
            public Integer visit(ItemOrigin.Removed removed) {
                return unknown("item " + removed.item() + " was removed: tombstone at offset " + removed.offset()
                        + " of " + removed.topic() + "-" + removed.partition());
            }

            @Override
            public Integer visit(ItemOrigin.Vector vector) {
                output.write(out, json(vector), () -> print(vector, out));
                return 0;
            }
        });
    }

    private int unknown(String message) {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        err.println(message);
        err.flush();
        return UNKNOWN;
    }

    private static void print(ItemOrigin.Vector found, PrintWriter out) {
        out.println("item        " + found.embedding().item());
        out.println("vector      offset " + found.offset() + " of " + found.topic() + "-" + found.partition());
        out.println("generation  " + found.embedding().generation()
                + (found.isOfTheseSettings()
                        ? ", of the settings of this command"
                        : ", NOT of the settings of this command"));
        out.println("settings    " + found.settingsHash() + " (SHA-256 of the model settings of this command)");
        out.println("step        " + found.embedding().step());
        out.println("event time  learnt up to " + time(found.embedding().eventTime()));
        found.batch()
                .ifPresentOrElse(
                        batch -> print(batch, out),
                        () -> out.println("mini-batch  no longer in the log: retention deleted its record"));
        out.println("in batch    "
                + (found.roles().isEmpty()
                        ? "no"
                        : found.roles().stream().map(BatchOrigin.Role::words).collect(Collectors.joining(", "))));
        out.println("published   " + reason(found));
    }

    private static String reason(ItemOrigin.Vector found) {
        if (found.change().isEmpty()) {
            return "by the sweep";
        }
        long changed = found.change().get().step();
        return changed == found.embedding().step()
                ? "because this batch has the item as a positive or changes it"
                : "because the batch of step " + changed
                        + " has the item as a positive or changes it, in the same commit; or by the sweep";
    }

    private static void print(BatchOrigin batch, PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "mini-batch  step %d, offset %d of %s-%d: %,d examples%s, %,d negatives, %,d catalogue changes%n",
                batch.step(),
                batch.offset(),
                batch.topic(),
                batch.partition(),
                batch.examples(),
                batch.rehearsed() > 0 ? String.format(Locale.ROOT, " and %,d rehearsed", batch.rehearsed()) : "",
                batch.negatives(),
                batch.catalogueChanges());
        batch.eventTimes()
                .ifPresent(times -> out.println("event times " + time(times.first()) + " to " + time(times.last())));
    }

    private static ObjectNode json(ItemOrigin.Vector found) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("item", found.embedding().item());
        json.put("topic", found.topic());
        json.put("partition", found.partition());
        json.put("offset", found.offset());
        json.put("generation", found.embedding().generation());
        json.put("settingsHash", found.settingsHash());
        json.put("isOfTheseSettings", found.isOfTheseSettings());
        json.put("step", found.embedding().step());
        json.put("eventTime", found.embedding().eventTime());
        found.batch().ifPresent(batch -> json.set("batch", json(batch)));
        ArrayNode roles = json.putArray("roles");
        found.roles().forEach(role -> roles.add(role.words()));
        found.change().ifPresent(batch -> json.put("changedAtStep", batch.step()));
        return json;
    }

    private static ObjectNode json(BatchOrigin batch) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("step", batch.step());
        json.put("topic", batch.topic());
        json.put("partition", batch.partition());
        json.put("offset", batch.offset());
        json.put("examples", batch.examples());
        json.put("rehearsed", batch.rehearsed());
        json.put("negatives", batch.negatives());
        json.put("catalogueChanges", batch.catalogueChanges());
        batch.eventTimes()
                .ifPresent(times -> json.put("firstEventTime", times.first()).put("lastEventTime", times.last()));
        return json;
    }

    private static String time(long millis) {
        return millis == 0 ? "none" : Instant.ofEpochMilli(millis).toString();
    }
}
