// The scripts of every page in the frame. They are put here in full when static files are collected.
import "./dailies.js";
import "./live.js";
import "./clips.js";
import "./session.js";
import "./time-left.js";
import "./groups.js";
import "./task-nav.js";
import "./task.js";
import "./dock.js";
