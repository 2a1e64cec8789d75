package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.topic.Topics;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "topics", mixinStandardHelpOptions = true, description = "The topics in the cluster.")
final class TopicsCommand implements Runnable {

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public void run() {
        throw new picocli.CommandLine.ParameterException(
                Objects.requireNonNull(spec).commandLine(), "topics: name what to do, such as topics create");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Create the topics that are missing, then check the shape of all.")
    int create(@Mixin ConfigOptions config) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        Topics topics = Clusters.topics(settings);
        Set<String> created = topics.create();
        topics.check();
        settings.topics()
                .names()
                .all()
                .forEach(topic -> out.println(topic + (created.contains(topic) ? " created" : " was there")));
        out.flush();
        return 0;
    }
}
