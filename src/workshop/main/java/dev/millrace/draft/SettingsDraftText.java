package dev.millrace.draft;

import dev.millrace.draft.FeatureDraft.Owner;
import dev.millrace.replay.LogSample;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The settings of a draft: what the towers read, and how clicks are joined. */
record SettingsDraftText(KeyColumns keys, Deeds deeds, FeatureDrafts features) {

    private static final String POSITIVES = "actions that are positives; others are only counted";
    private static final int LEAST_ROWS_A_USER = 10;
    private static final int SMALL_TABLE = 1_000;
    private static final int SMALL_DIM = 8;
    private static final int YEAR = 365; // days, the default of these:
    private static final List<String> KEPT =
            List.of("users.expire-after", "catalogue.expire-after", "table.expire-after");

    String text(LogSample sample) {
        PropertiesText text = new PropertiesText();
        text.comment("Drafted by millrace init for " + sample.file().getFileName()
                + ". What is not here has its default: docs/settings.md.");
        deeds.accept(new Deeds.Visitor<PropertiesText>() {
            @Override
            public PropertiesText flags(Deeds.Flags flags) {
                if (flags.click().isPresent()) {
                    return text;
                }
                return text.blank()
                        .comment("no column says click, so each flag is a positive")
                        .set("attribution.actions", join(flags.others().stream().map(column -> column.words()
                                .deed())));
            }

            @Override
            public PropertiesText outcomes(Deeds.Outcomes outcomes) {
                return text.blank().comment(POSITIVES).set("attribution.actions", join(outcomes.done().stream()));
            }

            @Override
            public PropertiesText actions(Deeds.Actions actions) {
                text.blank();
                if (actions.shown().isEmpty()) {
                    text.comment("the log has no exposures").set("attribution.mode", "clicks-only");
                }
                return text.comment(POSITIVES).set("attribution.actions", join(actions.done().stream()));
            }

            @Override
            public PropertiesText clicks(Deeds.Clicks clicks) {
                return text.blank().comment("the log has no exposures").set("attribution.mode", "clicks-only");
            }
        });
        user(text);
        item(text);
        expiry(text, sample.isWhole());
        return text.text();
    }

    private void user(PropertiesText text) {
        double rows = (double) keys.user().filled() / keys.user().distinct();
        boolean hasRow = rows >= LEAST_ROWS_A_USER;
        List<FeatureDraft> of = Stream.concat(features.of(Owner.USER).stream(), features.of(Owner.CONTEXT).stream())
                .toList();
        text.blank()
                .comment(String.format(
                        Locale.ROOT,
                        "%.1f rows a user in the sample: %s",
                        rows,
                        hasRow
                                ? "a user has a row of its own, beside its history"
                                : "too few for a row of its own, the history must do"));
        text.set(
                "features.user",
                join(Stream.concat(
                        hasRow ? Stream.of("user", "history") : Stream.of("history"),
                        of.stream().map(FeatureDraft::name))));
        of.forEach(feature -> keysOf(text, "features.user.", feature));
    }

    private void item(PropertiesText text) {
        text.blank()
                .set(
                        "features.item",
                        join(Stream.concat(
                                Stream.of("item"),
                                features.of(Owner.ITEM).stream().map(FeatureDraft::name))));
        features.of(Owner.ITEM).forEach(feature -> keysOf(text, "features.item.", feature));
        text.comment("what filters and the page know of an item, also what the towers do not read: publish.attributes ="
                + " title, brand");
    }

    /** A log of several years: by default, most of its users would have left by its end. */
    private void expiry(PropertiesText text, boolean isWhole) {
        long days = keys.time().span().toDays() + 1;
        String leave = "users, items and embedding rows that were idle for " + YEAR + " days leave";
        if (days > YEAR) {
            text.blank()
                    .comment(String.format(
                            Locale.ROOT,
                            "by default %s; %s rows span %,d days, so these stay %s",
                            leave,
                            isWhole ? "the" : "the first",
                            days,
                            isWhole ? "for " + YEAR + " days after the last row" : "for good"));
            KEPT.forEach(key -> text.set(key, isWhole ? days + YEAR + "d" : "0s"));
        } else if (!isWhole) {
            text.blank()
                    .comment("by default " + leave + ". If the whole log spans more, set longer times here: "
                            + String.join(", ", KEPT));
        }
    }

    private static void keysOf(PropertiesText text, String tower, FeatureDraft feature) {
        String prefix = tower + feature.name() + ".";
        if (feature.owner() == Owner.CONTEXT) {
            text.set(prefix + "source", "context");
        }
        String kind = feature.shape().modelKind();
        if (!kind.equals("categorical")) {
            text.set(prefix + "kind", kind);
        }
        if (kind.equals("vector")) {
            text.set(prefix + "dim", String.valueOf(feature.distinct()));
        }
        if (kind.equals("categorical") && feature.distinct() < SMALL_TABLE) {
            text.set(prefix + "dim", String.valueOf(SMALL_DIM));
        }
    }

    private static String join(Stream<String> names) {
        return names.collect(Collectors.joining(", "));
    }
}
