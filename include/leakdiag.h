/**
 * @file leakdiag.h
 * The whole of libleakdiag. Each header under leakdiag/ also stands alone.
 */
#ifndef LEAKDIAG_H
#define LEAKDIAG_H

#include <leakdiag/access.h>
#include <leakdiag/base.h>
#include <leakdiag/cluster.h>
#include <leakdiag/diagnosis.h>
#include <leakdiag/file.h>
#include <leakdiag/flag.h>
#include <leakdiag/load.h>
#include <leakdiag/log.h>
#include <leakdiag/logs.h>
#include <leakdiag/memory.h>
#include <leakdiag/observation.h>
#include <leakdiag/pods.h>
#include <leakdiag/report.h>
#include <leakdiag/scenario.h>
#include <leakdiag/series.h>
#include <leakdiag/session.h>
#include <leakdiag/timeline.h>
#include <leakdiag/transport.h>

#endif
