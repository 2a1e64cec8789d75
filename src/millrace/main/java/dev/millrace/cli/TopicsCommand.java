package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.AccessList.Resource;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.operation.Progress;
import dev.millrace.topic.Topics;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description = "Create topics, and print the rights and Strimzi resources that commands need.",
        footer = "millrace topics create --bootstrap-server kafka:9092")
final class TopicsCommand {

    @Spec
    @Nullable
    CommandSpec spec;

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Create missing topics, then check partitions and settings of all topics.",
            footer = {
                "millrace topics create --bootstrap-server kafka:9092",
                "millrace topics create --set topic.partitions=12 --set topic.replicas=3"
            })
    int create(@Mixin ConfigOptions config, @Mixin OutputOption output) {
        MillraceSettings settings = config.settings();
        Topics topics = Clusters.topics(settings);
        Set<String> created;
        Map<String, Integer> partitions;
        try (ProgressLine line = output.progress("topics")) {
            line.reached("created where missing", 0, Progress.UNKNOWN);
            created = topics.create();
            partitions = topics.partitions();
        }
        output.write(
                topics.shapes().stream()
                        .map(shape -> Row.of("topic", shape.name())
                                .with("created", created.contains(shape.name()))
                                .with("partitions", partitions.getOrDefault(shape.name(), shape.partitions()))
                                .with("wanted", shape.partitions()))
                        .toList(),
                "there are no topics");
        topics.check();
        topics.otherPartitions().forEach(output.err()::println); // no fault: the applications work with them
        output.err().flush();
        return 0;
    }

    @Command(
            name = "acls",
            mixinStandardHelpOptions = true,
            description = {
                "Print the calls of Kafka's kafka-acls.sh that give a principal exactly what commands of Millrace need."
            },
            footer = {
                "millrace topics acls --principal User:trainer train",
                "millrace topics acls --principal User:auditor 'verify --model'",
                "millrace topics acls --principal User:trainer train --output json"
            })
    int acls(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Option(
                            names = "--principal",
                            required = true,
                            paramLabel = "PRINCIPAL",
                            description = "principal, as the cluster names it, such as User:trainer")
                    String principal,
            @Parameters(
                            paramLabel = "COMMAND",
                            arity = "1..*",
                            description = "commands that the principal runs, such as train, serve, replay")
                    List<String> commands) {
        MillraceSettings settings = config.settings();
        AccessList rights = rights(settings);
        List<String> calls = rights.calls(settings.clients().bootstrapServers(), principal, commands);
        output.write(
                rights.operations(commands).entrySet().stream()
                        .map(right -> row(principal, right.getKey(), right.getValue()))
                        .toList(),
                out -> calls.forEach(out::println));
        return 0;
    }

    private static AccessList rights(MillraceSettings settings) {
        return new AccessList(
                settings.topics().names(),
                settings.stream().applicationId(),
                settings.map().mapping().isPresent() ? settings.map().topics().names() : Set.of());
    }

    private static Row row(String principal, Resource resource, Set<String> operations) {
        return Row.of("principal", principal)
                .with("resource", resource.kind().word())
                .with("name", resource.name())
                .with("pattern", resource.isPrefix() ? "prefixed" : "literal")
                .with("operations", List.copyOf(operations));
    }

    @Command(
            name = "strimzi",
            mixinStandardHelpOptions = true,
            description =
                    "Print Strimzi resources: the topics, and users with exactly the rights that their commands need."
                            + " Needs no cluster.",
            footer = "millrace topics strimzi --cluster events --user trainer=train")
    int strimzi(
            @Mixin ConfigOptions config,
            @Option(
                            names = "--cluster",
                            required = true,
                            paramLabel = "CLUSTER",
                            description = "name of Strimzi's resource Kafka")
                    String cluster,
            @Option(
                            names = "--user",
                            paramLabel = "NAME=COMMAND[,COMMAND]",
                            description = "a user and the commands that it runs, such as train, serve, replay; may be"
                                    + " repeated")
                    @Nullable
                    Map<String, String> users) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        StrimziManifests manifests = new StrimziManifests(cluster, rights(settings));
        StringBuilder printed = new StringBuilder();
        Clusters.topics(settings).shapes().forEach(shape -> printed.append(manifests.topic(shape)));
        if (users != null) {
            users.forEach((user, commands) -> printed.append(manifests.user(user, List.of(commands.split(",", -1)))));
        }
        out.print(printed);
        out.flush();
        return 0;
    }
}
