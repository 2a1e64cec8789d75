package dev.millrace.draft;

import dev.millrace.draft.FeatureDrafts.Feature;
import dev.millrace.draft.FeatureDrafts.Owner;
import dev.millrace.replay.LogSample;
import dev.millrace.replay.TimeScale;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of a draft, with the reason of each choice above its key: what the columns of the log are, and what is learnt from them. */
record DraftText(LogSample sample, KeyColumns keys, Interactions interactions, FeatureDrafts features) {

    private static final int LEAST_ROWS_A_USER = 10;
    private static final double LEAST_REPEATS = 0.05;
    private static final int SMALL_TABLE = 1_000;
    private static final int SMALL_DIM = 8;
    private static final int YEAR = 365; // days, the default of these:
    private static final List<String> KEPT =
            List.of("users.expire-after", "catalogue.expire-after", "table.expire-after");

    String mapping(String file, Optional<String> topic) {
        Lines text = new Lines();
        text.comment(String.format(
                Locale.ROOT,
                "Drafted by millrace init from %s %,d rows of %s. docs/your-own-data.md explains every key.",
                sample.isWhole() ? "the" : "the first",
                sample.rows(),
                sample.file().getFileName()));
        text.comment("The reasons are figures of these rows. Look at the lines that begin with UNSURE.");
        interactions.sections().forEach((name, keys) -> section(text, name, keys, file, topic));
        text.blank()
                .comment("A table of what items have, a row each, is a section too"
                        + " (docs/your-own-data.md#an-item-table):")
                .comment("  items.files = items.csv")
                .comment("  items.key = " + keys.column(Role.ITEM).name())
                .comment("  items.feature.title = category");
        text.blank();
        features.leftOut().forEach(text::reason);
        return text.toString();
    }

    private void section(Lines text, String name, Map<String, String> own, String file, Optional<String> topic) {
        String prefix = name + ".";
        text.blank().set(prefix + "files", file);
        topic.ifPresent(live -> text.set(prefix + "topics", live));
        sample.written().forEach((key, value) -> text.set(prefix + key, value));
        for (Choice choice : keys.choices()) {
            text.blank().reason(choice).set(prefix + choice.use(), choice.what());
        }
        text.set(
                prefix + "time.unit",
                keys.column(Role.TIME).time().orElse(TimeScale.MS).label());
        text.blank().reason(interactions.choice());
        own.forEach((key, value) -> text.set(prefix + key, value));
        for (Feature feature : features.features()) {
            text.blank()
                    .reason(feature.choice())
                    .set(
                            prefix + feature.owner().label() + "-feature." + feature.column(),
                            feature.shape().kind()
                                    + (feature.name().equals(feature.column()) ? "" : " as " + feature.name()));
        }
    }

    String settings() {
        Lines text = new Lines();
        text.comment("Drafted by millrace init for " + sample.file().getFileName()
                + ". What is not here has its default: docs/settings.md.");
        if (interactions.isClicksOnly()) {
            text.blank().comment("the log has no exposures").set("attribution.mode", "clicks-only");
        }
        if (!interactions.positives().isEmpty()) {
            text.blank()
                    .comment("actions that are positives; others are only counted")
                    .set("attribution.actions", String.join(", ", interactions.positives()));
        }
        ColumnFacts user = keys.column(Role.USER);
        double rows = (double) user.filled() / user.distinct();
        boolean hasRow = rows >= LEAST_ROWS_A_USER;
        text.blank()
                .comment(String.format(
                        Locale.ROOT,
                        "%.1f rows a user in the sample: %s",
                        rows,
                        hasRow
                                ? "a user has a row of its own, beside its history"
                                : "too few for a row of its own, the history must do"));
        tower(
                text,
                "features.user",
                hasRow ? "user, history" : "history",
                Stream.of(Owner.USER, Owner.CONTEXT)
                        .flatMap(owner -> features.of(owner).stream())
                        .toList());
        repeats(text);
        text.blank();
        tower(text, "features.item", "item", features.of(Owner.ITEM));
        text.comment("what filters and the page know of an item, also what the towers do not read: publish.attributes ="
                + " title, brand");
        expiry(text);
        return text.toString();
    }

    private static void tower(Lines text, String key, String own, List<Feature> features) {
        text.set(
                key,
                Stream.concat(Stream.of(own), features.stream().map(Feature::name))
                        .collect(Collectors.joining(", ")));
        for (Feature feature : features) {
            String prefix = key + "." + feature.name() + ".";
            if (feature.owner() == Owner.CONTEXT) {
                text.set(prefix + "source", "context");
            }
            if (!feature.shape().isCategory()) {
                text.set(prefix + "kind", feature.shape().modelKind());
            }
            if (feature.shape().width() > 0) {
                text.set(prefix + "dim", String.valueOf(feature.shape().width()));
            }
            if (feature.shape().isCategory() && feature.distinct() < SMALL_TABLE) {
                text.set(prefix + "dim", String.valueOf(SMALL_DIM));
            }
        }
    }

    /** How many positives are on what the user had; in whichever order the rows come. */
    private void repeats(Lines text) {
        List<String> users = keys.column(Role.USER).cells();
        List<String> items = keys.column(Role.ITEM).cells();
        Map<String, Set<String>> had = new HashMap<>();
        int again = 0;
        int later = 0;
        for (int row = 0; row < users.size(); row++) {
            if (interactions.isPositive(row) && !users.get(row).isEmpty()) {
                Set<String> ofUser = had.computeIfAbsent(users.get(row), user -> new HashSet<>());
                later += ofUser.isEmpty() ? 0 : 1;
                again += ofUser.add(items.get(row)) ? 0 : 1;
            }
        }
        if (later > 0) {
            double share = (double) again / later;
            text.blank()
                    .comment(String.format(
                            Locale.ROOT,
                            "%.1f %% of the clicks after a user's first are on items that the user had: answers %s those",
                            100 * share,
                            share >= LEAST_REPEATS ? "may have" : "leave out"))
                    .set("history.answers", String.valueOf(share >= LEAST_REPEATS));
        }
    }

    /** A log of several years: by default, most of its users would have left by its end. */
    private void expiry(Lines text) {
        long days = keys.column(Role.TIME).span().toDays() + 1;
        String leave = "by default, users, items and embedding rows that were idle for " + YEAR + " days leave";
        if (days > YEAR) {
            text.blank().comment(leave + "; the rows of this draft span " + days + " days");
            KEPT.forEach(key -> text.set(key, sample.isWhole() ? days + YEAR + "d" : "0s"));
        } else if (!sample.isWhole()) {
            text.blank()
                    .comment(
                            leave + ". If the whole log spans more, set longer times here: " + String.join(", ", KEPT));
        }
    }

    /** Lines of a properties file: comments, and keys with their values. */
    private static final class Lines {

        private final StringBuilder text = new StringBuilder();

        Lines blank() {
            text.append('\n');
            return this;
        }

        /** No name in a log can end a comment's line. */
        Lines comment(String line) {
            text.append("# ").append(line.replaceAll("\\p{Cc}", "?")).append('\n');
            return this;
        }

        /** The reason of a choice, and on a line of its own what is not sure. */
        Lines reason(Choice choice) {
            comment(choice.use() + ", " + choice.what() + ": " + choice.why());
            choice.doubt().ifPresent(doubt -> comment("UNSURE: " + doubt));
            return this;
        }

        Lines set(String key, String value) {
            text.append(escaped(key, " =:#!\\"))
                    .append(" = ")
                    .append(escaped(value, "\\"))
                    .append('\n');
            return this;
        }

        private static String escaped(String part, String special) {
            StringBuilder escaped = new StringBuilder();
            part.chars().forEach(unit -> {
                if (Character.isISOControl(unit)) {
                    escaped.append(String.format(Locale.ROOT, "\\u%04x", unit));
                } else {
                    escaped.append(special.indexOf(unit) >= 0 ? "\\" : "").append((char) unit);
                }
            });
            return escaped.toString();
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
