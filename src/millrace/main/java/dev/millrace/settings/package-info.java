/**
 * Settings as checked values: read from flat keys, every fault reported together.
 *
 * <p>For other programs: {@link dev.millrace.settings.SettingsReader} is made of keys and texts, each part reads its own, and {@code finish} reports what is wrong.
 */
@NullMarked
package dev.millrace.settings;

import org.jspecify.annotations.NullMarked;
