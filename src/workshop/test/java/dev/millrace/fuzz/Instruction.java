package dev.millrace.fuzz;

import java.util.random.RandomGenerator;

/**
 * What one account, or each in turn, sends again and again.
 *
 * @param account number of the account; {@value #EACH}: each in turn
 * @param weight of its clicks
 */
record Instruction(int account, Kind kind, Aim aim, double weight, Clock clock, Size size, Schedule schedule) {

    static final int EACH = -1;

    /** Most accounts of a program. */
    static final int ACCOUNTS = 10;

    /** To 1980, where legal dates begin. */
    static final int MOST_MINUTES_BEHIND = 24_600_000;

    static final int USUAL_MINUTES_BEHIND = 120;
    static final int MOST_MINUTES_A_STEP = 100_000;
    static final int MOST_MINUTES_AHEAD = 60;
    static final int MOST_TIMES = 3_000;
    static final int MOST_ITEMS = 1_000;
    static final int MOST_POPULAR = 10;

    /** Together with the names and what else is in a profile, below limits.features-bytes. */
    static final int MOST_FEATURE_BYTES = 130_000;

    static final int MOST_ID_BYTES = 256;
    static final int LEAST_ID_BYTES = 16;

    private static final int SLOWEST = -16;
    private static final int FASTEST = 4_096;
    private static final double LARGEST_WEIGHT = 1e6;

    /** What is sent. */
    enum Kind {
        /** An exposure, and a click that names it. */
        PAIR,
        /** A click that names no exposure. */
        NAMELESS,
        /** A click that names an exposure that never comes. */
        ORPHAN,
        EXPOSURE,
        /** A new profile of the account. */
        PROFILE,
        /** An action that makes no example. */
        VIEW,
        /** An exposure, and an action that hides its item; where no setting names it, it makes no example. */
        HIDE
    }

    /** Which items are meant. */
    enum Items {
        /** The one that is to gain. */
        TARGET,
        /** Those that others click most. */
        POPULAR,
        /** Items of the catalogue, one after the other, the target first. */
        ROUND,
        /** Items that nobody has seen. */
        FRESH
    }

    /** @param number of items to go round */
    record Aim(Items items, int number) {}

    /**
     * How far the account's clock is ahead, minutes.
     *
     * @param first at every other event
     * @param second at the others
     * @param step that it gains from each event to the next, up to where it is now
     */
    record Clock(int first, int second, int step) {

        /** Returns how far it is ahead at the event of that number. */
        long minutes(int number) {
            int begins = number % 2 == 0 ? first : second;
            return Math.max(begins, Math.min(0, begins + (long) step * number));
        }
    }

    /**
     * How large events are.
     *
     * @param features bytes of the features, about
     * @param ids bytes of each id but the account's own and those of items that there are
     */
    record Size(int features, int ids) {}

    /**
     * When the events come.
     *
     * @param from share of the honest events before the first one, per cent
     * @param pace number of them before each honest event; −n: one before each n-th
     */
    record Schedule(int from, int pace, int times) {

        /** Returns how often this is due before an honest event, if the times last. */
        int due(int at, int honest) {
            if (100L * at < (long) from * honest) {
                return 0;
            }
            return pace > 0 ? pace : at % -pace == 0 ? 1 : 0;
        }
    }

    static Instruction random(RandomGenerator random, int accounts) {
        return new Instruction(
                account(random, accounts),
                kind(random),
                aim(random),
                weight(random),
                clock(random),
                size(random),
                schedule(random));
    }

    /** Returns an instruction that differs in one thing. */
    Instruction mutated(RandomGenerator random, int accounts) {
        int who = account;
        Kind what = kind;
        Aim on = aim;
        double heavy = weight;
        Clock when = clock;
        Size large = size;
        Schedule often = schedule;
        switch (random.nextInt(10)) {
            case 0 -> who = account(random, accounts);
            case 1 -> what = kind(random);
            case 2 -> on = aim(random);
            case 3 -> on = new Aim(aim.items, near(random, aim.number, 1, MOST_ITEMS));
            case 4 -> heavy = random.nextBoolean() ? weight(random) : weight * Math.exp(random.nextGaussian());
            case 5 -> when = clock(random);
            case 6 -> large = size(random);
            case 7 -> often = schedule(random);
            case 8 -> often = new Schedule(schedule.from, schedule.pace, near(random, schedule.times, 1, MOST_TIMES));
            default ->
                often = random.nextBoolean()
                        ? new Schedule(random.nextInt(90), schedule.pace, schedule.times)
                        : new Schedule(schedule.from, pace(random), schedule.times);
        }
        return new Instruction(who, what, on, Math.min(heavy, LARGEST_WEIGHT), when, large, often);
    }

    private static int account(RandomGenerator random, int accounts) {
        return accounts == 1 || random.nextBoolean() ? EACH : random.nextInt(accounts);
    }

    private static Kind kind(RandomGenerator random) {
        return random.nextBoolean() ? Kind.PAIR : Kind.values()[random.nextInt(Kind.values().length)];
    }

    private static Aim aim(RandomGenerator random) {
        return new Aim(Items.values()[random.nextInt(Items.values().length)], logUniform(random, 1, MOST_ITEMS));
    }

    private static double weight(RandomGenerator random) {
        return random.nextInt(3) == 0 ? 1 : Math.pow(10, 12 * random.nextDouble() - 6);
    }

    private static Clock clock(RandomGenerator random) {
        int first = random.nextInt(3) == 0 ? 0 : minutes(random);
        int second = random.nextInt(3) == 0 ? minutes(random) : first;
        return new Clock(first, second, random.nextInt(4) == 0 ? logUniform(random, 1, MOST_MINUTES_A_STEP) : 0);
    }

    private static int minutes(RandomGenerator random) {
        return random.nextInt(3) == 0
                ? -logUniform(random, 1, MOST_MINUTES_BEHIND)
                : random.nextInt(-USUAL_MINUTES_BEHIND, MOST_MINUTES_AHEAD + 1);
    }

    private static Size size(RandomGenerator random) {
        return new Size(
                random.nextInt(3) > 0 ? 0 : logUniform(random, 1, MOST_FEATURE_BYTES),
                random.nextInt(3) > 0 ? LEAST_ID_BYTES : logUniform(random, LEAST_ID_BYTES, MOST_ID_BYTES));
    }

    private static Schedule schedule(RandomGenerator random) {
        return new Schedule(random.nextInt(90), pace(random), logUniform(random, 1, MOST_TIMES));
    }

    private static int pace(RandomGenerator random) {
        return random.nextInt(3) == 0 ? -logUniform(random, 1, -SLOWEST) : logUniform(random, 1, FASTEST);
    }

    private static int logUniform(RandomGenerator random, int least, int most) {
        return (int) Math.min(most, Math.floor(least * Math.pow((most + 1.0) / least, random.nextDouble())));
    }

    private static int near(RandomGenerator random, int number, int least, int most) {
        return (int) Math.min(most, Math.max(least, Math.round(number * Math.pow(4, 2 * random.nextDouble() - 1))));
    }
}
