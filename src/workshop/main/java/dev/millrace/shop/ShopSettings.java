package dev.millrace.shop;

import dev.millrace.settings.SettingsReader;

/** The size and behaviour of the generated shop. {@code docs/generator.md} describes it. */
public record ShopSettings(
        Kind kind,
        Visitors visitors,
        long seed,
        int users,
        int items,
        double visitsPerUserPerDay,
        double newItemsPerDay,
        double burstsPerDay,
        boolean hasEmbeddings,
        double tasteDays,
        double duplicateShare,
        double earlyShare,
        double lateShare) {

    /** What is on offer. */
    public enum Kind {
        /** Items that stay. */
        SHOP,
        /** Articles that live for hours. */
        NEWS
    }

    /** What visitors see. */
    public enum Visitors {
        /** What is near their taste, popular, new, or any: the same whatever a model has learnt. */
        CATALOGUE,
        /** What the recall engine answers for them, once it can. */
        ANSWERS
    }

    private static final double TASTE_DAYS = 5; // until a favourite category changes, on average

    // some of each, so that a demo and a test meet them
    private static final double DUPLICATE_SHARE = 0.003; // of exposures and clicks, sent twice
    private static final double EARLY_SHARE = 0.002; // of clicks, dated before their exposure
    private static final double LATE_SHARE = 0.005; // of clicks, a day or more after their exposure

    public static ShopSettings read(SettingsReader reader) {
        ShopSettings settings = new ShopSettings(
                reader.choice(
                        "shop.kind: shop: items that stay; news: articles that live for hours, some announced ahead, some never listed",
                        Kind.SHOP),
                reader.choice(
                        "shop.visitors: catalogue: see what is near their taste, popular, new, or any; answers: see what the recall engine answers for them, by a learner in the same process with all other settings, explored by serve.explore",
                        Visitors.CATALOGUE),
                reader.longInteger(
                        "shop.seed = 1 in [0, 9223372036854775807]: seed of all events; the same seed makes the same events"),
                reader.integer("shop.users = 2000 in [1, 1000000]: users of the generated shop"),
                reader.integer(
                        "shop.items = 1000 in [10, 1000000]: items in the catalogue, or articles alive, when the shop opens"),
                reader.number("shop.visits-per-user-per-day = 3 in [0.001, 1000]: visits of a user a day, on average"),
                reader.number(
                        "shop.new-items-per-day = 0.02 in [0, 100]: new items a day, as a multiple of shop.items; at least 1 for news"),
                reader.number(
                        "shop.bursts-per-day = 4 in [0, 1000]: number of times a day that an item or a category, or the newest article, becomes hot"),
                reader.flag(
                        "shop.embeddings = false: send the item feature embedding of listed articles, a vector of 8 numbers that tells their topic with noise; with shop.kind = news only"),
                TASTE_DAYS,
                DUPLICATE_SHARE,
                EARLY_SHARE,
                LATE_SHARE);
        reader.require(
                settings.kind != Kind.NEWS || settings.newItemsPerDay >= 1,
                "shop.new-items-per-day: must be at least 1 with shop.kind = news, as articles live for hours");
        reader.require(
                settings.kind == Kind.NEWS || !settings.hasEmbeddings,
                "shop.embeddings: must be false unless shop.kind = news");
        return settings;
    }
}
