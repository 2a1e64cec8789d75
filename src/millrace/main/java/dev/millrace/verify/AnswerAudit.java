package dev.millrace.verify;

import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.feature.UserFeatures;
import dev.millrace.follow.FollowedTopic;
import dev.millrace.follow.LogStanding;
import dev.millrace.follow.ModelFeed;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.Progress;
import dev.millrace.recall.LoggedAnswer;
import dev.millrace.recall.LoggedAnswer.Asker;
import dev.millrace.recall.LoggedAnswer.Unlogged;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.Utf8;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.LogCursor;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.verify.AnswerReport.Outcome;
import dev.millrace.verify.ReplayedServer.Comparison;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The audit of what servers answered: each logged answer is made again, from the records that the server had read.
 *
 * <p>A server's answers of a generation are replayed in the order of their positions, so that the logs are read once for each. The logged answers, and the
 * states of their users, are on the heap.
 */
public final class AnswerAudit {

    private static final int SHOWN = 10;

    private final Cluster cluster;
    private final Progress progress;
    private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
    private final List<String> differences = new ArrayList<>();
    private int drawn;
    private int withoutUser;
    private Optional<Long> since = Optional.empty();

    /** Whose answers are replayed together. */
    private record Lineage(String server, String generation) {

        private static final Comparator<Lineage> BY_NAME =
                Comparator.comparing(Lineage::server).thenComparing(Lineage::generation);

        private static Lineage of(LoggedAnswer.Origin origin) {
            return new Lineage(origin.server(), origin.generation());
        }
    }

    /** @param progress told of the answers that were replayed, of all */
    public AnswerAudit(Cluster cluster, Progress progress) {
        this.cluster = cluster;
        this.progress = progress;
    }

    /** Reads what was logged until now, and replays it. Once. */
    public AnswerReport run() {
        SortedMap<Lineage, List<LoggedAnswer>> lineages = new TreeMap<>(Lineage.BY_NAME);
        Map<Asker, UserFeatures> states;
        try (TopicReader reader = cluster.reader()) {
            reader.readAll(
                    cluster.topics().answers(),
                    record -> cluster.wire().decode(Topic.ANSWERS, record).ifPresent(answer -> take(answer, lineages)));
            states = states(reader, lineages);
        }
        GenerationHistory generations = GenerationAdmin.history(cluster);
        long of = lineages.values().stream().mapToInt(List::size).sum();
        long done = 0;
        for (Map.Entry<Lineage, List<LoggedAnswer>> each : lineages.entrySet()) {
            replay(each.getKey().generation(), each.getValue(), states, generations);
            done += each.getValue().size();
            progress.reached(done, of);
        }
        return new AnswerReport(outcomes, drawn, withoutUser, since, differences);
    }

    private void take(LoggedAnswer answer, SortedMap<Lineage, List<LoggedAnswer>> lineages) {
        if (!answer.drawnAgain().equals(answer.draw())) {
            count(Outcome.MISDRAWN);
            differs(answer, "its draw does not follow from what is logged of it");
            return;
        }
        drawn += answer.draw().isPresent() ? 1 : 0;
        if (answer.standing().isMoved()) {
            count(Outcome.MOVED);
        } else if (answer.question().unlogged().contains(Unlogged.FEATURES)) {
            count(Outcome.UNLOGGED);
        } else {
            lineages.computeIfAbsent(Lineage.of(answer.origin()), of -> new ArrayList<>())
                    .add(answer);
        }
    }

    /** The states of users that answers were made from, as far as the topic of user features has them. */
    private Map<Asker, UserFeatures> states(TopicReader reader, SortedMap<Lineage, List<LoggedAnswer>> lineages) {
        Set<Asker> wanted = new HashSet<>();
        Set<String> users = new HashSet<>();
        lineages.values().stream().flatMap(List::stream).forEach(answer -> {
            wanted.add(answer.asker());
            users.add(answer.asker().user());
        });
        Map<Asker, UserFeatures> states = new HashMap<>();
        reader.readAll(cluster.topics().userFeatures(), record -> {
            String digest = Asker.digest(Utf8.text(record.key()));
            if (users.contains(digest)) {
                cluster.wire()
                        .decode(Topic.USER_FEATURES, record)
                        .ifPresentOrElse(
                                user -> {
                                    Asker asker = new Asker(digest, Optional.of(Asker.hash(user)));
                                    if (wanted.contains(asker)) {
                                        states.put(asker, user);
                                    }
                                },
                                () -> states.keySet() // what is older is only there until compaction
                                        .removeIf(asker -> asker.user().equals(digest)));
            }
        });
        return states;
    }

    private void replay(
            String generation,
            List<LoggedAnswer> answers,
            Map<Asker, UserFeatures> states,
            GenerationHistory generations) {
        List<LoggedAnswer> known = new ArrayList<>();
        for (LoggedAnswer answer : answers) {
            if (answer.asker().state().isPresent() && !states.containsKey(answer.asker())) {
                count(Outcome.USER_CHANGED);
            } else {
                known.add(answer);
            }
        }
        // positions only grow, so their sums are in the order in which the server took them
        known.sort(Comparator.comparingLong(answer -> answer.standing().positions().values().stream()
                .mapToLong(Long::longValue)
                .sum()));
        Optional<SortedMap<String, String>> settings =
                generations.fact(generation, GenerationFact.Kind.STARTED).map(GenerationFact::settings);
        try {
            if (settings.isPresent()) {
                compare(generation, settings.get(), known, states, true);
            } else {
                known.forEach(answer -> count(Outcome.GENERATION_UNKNOWN));
            }
        } catch (InvalidSettingsException unknown) {
            known.forEach(answer -> count(Outcome.GENERATION_UNKNOWN));
        }
    }

    /** @param isFirst whether what differs is replayed once more: the log may have been compacted while it was read */
    private void compare(
            String generation,
            SortedMap<String, String> settings,
            List<LoggedAnswer> answers,
            Map<Asker, UserFeatures> states,
            boolean isFirst) {
        List<LoggedAnswer> again = new ArrayList<>();
        try (Replay replay = new Replay(generation, settings)) {
            for (LoggedAnswer answer : answers) {
                Optional<UserFeatures> user = Optional.ofNullable(states.get(answer.asker()));
                Comparison compared = replay.compare(answer, user);
                if (isFirst && compared.outcome() == Outcome.DIFFERENT) {
                    again.add(answer);
                } else {
                    conclude(answer, user.isEmpty(), compared);
                }
            }
        }
        if (!again.isEmpty()) {
            compare(generation, settings, again, states, false);
        }
    }

    private void conclude(LoggedAnswer answer, boolean isUserUnknown, Comparison compared) {
        count(compared.outcome());
        if (compared.outcome() == Outcome.EQUAL || compared.outcome() == Outcome.DIFFERENT) {
            since = Optional.of(
                    Math.min(since.orElse(Long.MAX_VALUE), answer.origin().at()));
            withoutUser += isUserUnknown || !answer.question().unlogged().isEmpty() ? 1 : 0;
        }
        compared.difference().ifPresent(difference -> differs(answer, difference));
    }

    private void differs(LoggedAnswer answer, String difference) {
        if (differences.size() < SHOWN) {
            differences.add(place(answer) + ": " + difference);
        }
    }

    private void count(Outcome outcome) {
        outcomes.merge(outcome, 1, Integer::sum);
    }

    private static String place(LoggedAnswer answer) {
        return "answer of " + Instant.ofEpochMilli(answer.origin().at()) + " by "
                + answer.origin().server() + " to user " + answer.asker().user();
    }

    /** The logs up to where a server stood, one position after the other. */
    private final class Replay implements AutoCloseable {

        private final ScratchEntries entries = ScratchEntries.create();
        private final ReplayedServer server;
        private final Map<String, LogCursor> cursors =
                new HashMap<>(); // by topic and partition, as positions name them
        private Map<String, Long> networks = Map.of();

        Replay(String generation, SortedMap<String, String> settings) {
            ModelFeed feed = new ModelFeed(entries.onDisk());
            try {
                feed.describe(generation, settings);
            } catch (InvalidSettingsException unknown) {
                entries.close();
                throw unknown;
            }
            this.server = new ReplayedServer(generation, feed);
        }

        Comparison compare(LoggedAnswer answer, Optional<UserFeatures> user) {
            SortedMap<String, Long> ofNetworks = new TreeMap<>();
            SortedMap<String, Long> positions = new TreeMap<>();
            answer.standing().positions().forEach((name, position) -> {
                if (name.startsWith(LogStanding.NETWORKS)) {
                    ofNetworks.put(
                            of(FollowedTopic.MODEL_UPDATES) + name.substring(LogStanding.NETWORKS.length()), position);
                } else {
                    positions.put(name, position);
                }
            });
            boolean isThere = positions.entrySet().stream()
                    .allMatch(each -> cursor(each.getKey()).end() >= each.getValue());
            if (!isThere) { // the topic was made anew
                return new Comparison(Outcome.COMPACTED, Optional.empty());
            }
            if (!ofNetworks.equals(networks)) {
                ofNetworks.forEach(this::readTo);
                server.refresh();
                networks = ofNetworks;
            }
            positions.forEach(this::readTo);
            return server.compare(
                    answer,
                    user,
                    new ReplayedServer.Whole(
                            isWhole(FollowedTopic.ITEM_EMBEDDINGS),
                            isWhole(FollowedTopic.MODEL_UPDATES),
                            isWhole(FollowedTopic.ITEM_NEIGHBOURS)));
        }

        private void readTo(String name, long position) {
            cursor(name).readTo(position, record -> {
                AvroWire wire = cluster.wire();
                if (name.startsWith(of(FollowedTopic.ITEM_EMBEDDINGS))) {
                    wire.decode(Topic.ITEM_EMBEDDINGS, record)
                            .ifPresent(embedding -> server.take(embedding, record.timestamp()));
                } else if (name.startsWith(of(FollowedTopic.MODEL_UPDATES))) {
                    wire.decode(Topic.MODEL_UPDATES, record).ifPresent(server::take);
                } else {
                    wire.decode(Topic.ITEM_NEIGHBOURS, record).ifPresent(server::take);
                }
            });
        }

        private LogCursor cursor(String name) {
            return cursors.computeIfAbsent(name, of -> {
                int dash = name.lastIndexOf('-');
                return new LogCursor(
                        cluster, topic(name.substring(0, dash + 1)), Integer.parseInt(name.substring(dash + 1)));
            });
        }

        private String topic(String prefix) {
            TopicNames topics = cluster.topics();
            Map<String, String> names = Map.of(
                    of(FollowedTopic.ITEM_EMBEDDINGS), topics.itemEmbeddings(),
                    of(FollowedTopic.MODEL_UPDATES), topics.modelUpdates(),
                    of(FollowedTopic.ITEM_NEIGHBOURS), topics.itemNeighbours());
            return Optional.ofNullable(names.get(prefix))
                    .orElseThrow(() -> new IllegalStateException("a logged answer names a position in " + prefix));
        }

        private boolean isWhole(FollowedTopic topic) {
            return cursors.entrySet().stream()
                    .filter(each -> each.getKey().startsWith(of(topic)))
                    .allMatch(each -> each.getValue().isWhole());
        }

        private static String of(FollowedTopic topic) {
            return topic.text() + '-';
        }

        @Override
        public void close() {
            cursors.values().forEach(LogCursor::close);
            entries.close();
        }
    }
}
