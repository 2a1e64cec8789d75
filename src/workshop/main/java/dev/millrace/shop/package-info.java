/** A generated shop or newspaper: users and items with hidden tastes, and what they would send. */
@NullMarked
package dev.millrace.shop;

import org.jspecify.annotations.NullMarked;
